"""Whether a model fits into this computer's memory, before it is fetched or loaded."""

from dataclasses import dataclass
from typing import Literal

from engine.model.catalogue import CatalogueEntry, memory_by_context
from engine.model.fit.machine import available_memory, total_memory
from engine.model.fit.memory import RESERVE

Words = Literal["fits", "tight", "too large"]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of main memory: those a model may have now, and all there are."""

    free: int
    total: int

    @classmethod
    def now(cls, held: int = 0) -> "Memory":
        """What this computer has; held: bytes that the model loaded now would give back."""
        total = total_memory()
        return cls(min(available_memory() + held, total), total)

    def words(self, needed: int) -> Words:
        """Whether so many bytes are free, would be with other programs closed, or never are."""
        if needed + RESERVE > self.total:
            return "too large"
        return "fits" if needed + RESERVE <= self.free else "tight"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits. needed: bytes with 4,096 tokens of context; contexts: tokens, the bytes
    they need, and how that fits."""

    words: Words
    needed: int
    memory: Memory
    contexts: tuple[tuple[int, int, Words], ...]


def fit_of(entry: CatalogueEntry, memory: Memory, factor: float = 1.0) -> Fit:
    """How a model of the catalogue fits; factor: what such models really use of the estimate."""
    table = [(n_ctx, int(needed * factor)) for n_ctx, needed in memory_by_context(entry)]
    contexts = tuple((n_ctx, needed, memory.words(needed)) for n_ctx, needed in table)
    needed = int(entry.memory * factor)
    return Fit(memory.words(needed), needed, memory, contexts)
