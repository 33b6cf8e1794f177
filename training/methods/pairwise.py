"""What the methods that learn from pairs of answers have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from training.data.batching import LengthStream
from training.data.pairs import Pairs, read_pairs
from training.loop import device, distributed
from training.loop.batch import Batch, Loss, Step
from training.loop.config import LoopConfig
from training.methods.common import ModelConfig
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class PairConfig(ModelConfig):
    """data, held_out: pairs as in data/pairs.py, a file, a folder or a pattern.

    context: longer sides are left out.

    loop.rows counts answers, so a forward pass has half as many pairs.
    """

    data: str = ""
    held_out: str = ""
    context: int = 2048

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.context < 2:
            raise ValueError("context must be at least 2 tokens.")


class OnPairs(ABC):
    """A method as the loop sees it, all but its loss."""

    figures: tuple[str, ...]  # of every loss
    whole = False  # whether the last token is an input too

    def __init__(
        self, loop: LoopConfig, model: nn.Module, pairs: Pairs, held_out: Pairs | None
    ) -> None:
        self.model = model
        self._pairs, self._held_out = pairs, held_out
        self._accumulate, self._rows = loop.accumulate, pairs_per_pass(loop)
        self._stream = LengthStream(pairs.lengths, loop.seed)
        self.epoch_steps = -(-len(self._stream.plan(0, self._rows)) // loop.accumulate)
        if distributed.is_first():
            self._stream.tell(self._rows)

    @abstractmethod
    def loss(self, batch: Batch) -> Loss:
        """The sum of the pairs' losses and of their figures."""

    def next_step(self, done: float) -> Step:
        """The next pairs, those of similar length together."""
        numbers = [self._stream.next_numbers(self._rows) for _ in range(self._accumulate)]
        return Step([self._pairs.batch(part, self.whole) for part in numbers])

    def evaluate(self) -> dict[str, float]:
        """Means over the held-out pairs of the loss and the other figures."""
        if self._held_out is None:
            return {}
        names = ("loss", *self.figures)
        sums = dict.fromkeys(names, 0.0)
        plan = LengthStream(self._held_out.lengths, seed=0).numbers(self._rows)
        mine = [self._held_out.batch(numbers, self.whole) for numbers in distributed.share(plan)]
        if len(mine) < -(-len(plan) // distributed.world()):  # sharded ones compute in lockstep
            mine.append(self._held_out.batch(plan[0], self.whole).empty())
        for batch in mine:
            loss = self.loss(batch.to(device.pick()))
            for name, value in (("loss", loss.sum.item()), *loss.figures.items()):
                sums[name] += value
        totals = distributed.total(*sums.values())
        return {n: t / len(self._held_out) for n, t in zip(names, totals, strict=True)}

    def state(self) -> dict[str, Any]:
        """Epoch and batch."""
        return {"place": self._stream.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with this batch."""
        self._stream.restore(state["place"])


def pairs_per_pass(loop: LoopConfig) -> int:
    """Pairs of a forward pass of loop.rows answers."""
    return max(1, loop.rows // 2)


def read(config: PairConfig) -> tuple[Pairs, Pairs | None]:
    """The pairs of a recipe, and the held-out ones if it names any."""
    folder = Path(config.model)
    tokenizer = load_tokenizer(folder)
    pairs = read_pairs(Path(config.data), tokenizer, config.context, folder)
    if not config.held_out:
        return pairs, None
    return pairs, read_pairs(Path(config.held_out), tokenizer, config.context, folder)
