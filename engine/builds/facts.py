"""What a source says of its model, and the sizes and memory that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.builds.target import BITS, Aim, parse_target
from engine.core.builds import BuildSource
from engine.model.catalogue import USUAL_CONTEXT, imagined_header
from engine.model.fit.memory import memory_needed

WINDOW = 512  # tokens that calibrating and comparing have before them
OFFERED = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K")
SEARCHED = "4.8bpw"
SEARCH_UP_TO = 1_000_000_000
"""Weights; of larger models a search takes hours."""
_SEARCH_WORK = 2e14
"""Multiplications of a search of a large model."""
_SEARCH_TOKENS = (1024, 4096)
_OUTSIDE_LEAST = 6.56
"""Bits of embeddings and output, of which llama.cpp's mixtures do not take more away."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model before a build.

    precision: bytes of a weight as it is there; outside: weights of embeddings and output;
    described: bytes of what a file has beside weights; shape: numbers by their keys in a GGUF
    header; download: bytes to be fetched; words: of the vocabulary, 0 if that is not known.
    """

    source: BuildSource
    precision: int
    outside: int
    described: int
    shape: Mapping[str, int]
    download: int = 0
    words: int = 0

    @property
    def full(self) -> int:
        """Bytes of the model as a GGUF file in the precision that it has."""
        return self.source.parameters * self.precision + self.described

    def size(self, aim: Aim) -> int:
        """Bytes of the result, roughly."""
        if aim.size:
            return min(aim.size, self.full)
        weights = self.source.parameters
        if aim.bits:
            return int(weights * aim.bits / 8) + self.described
        bits = BITS[aim.type]
        outside = min(self.outside, weights)
        total = (weights - outside) * bits + outside * max(bits, _OUTSIDE_LEAST)
        return int(total / 8) + self.described

    @property
    def context(self) -> int:
        """Tokens that memory is counted for: the usual number, if the model can hold so many."""
        return min(USUAL_CONTEXT, self.shape.get("context_length", USUAL_CONTEXT))

    def memory(self, size: int, context: int = 0) -> int:
        """Bytes of memory that a file of this size needs, with the usual context if none is
        given."""
        header = imagined_header(self.source.architecture, self.shape, size)
        return memory_needed(header, context or self.context).total

    def memory_building(self, aim: Aim) -> int:
        """Bytes of memory that the build needs at most: for the model as it is, and the result; a
        search also keeps the model's answers, a number per word after three of four tokens."""
        needed = self.memory(self.full, WINDOW) + self.size(aim)
        return needed + 4 * self.words * self.search_tokens * 3 // 4 if aim.is_search else needed

    @property
    def search_tokens(self) -> int:
        """The tokens a search runs the model over, as assay-quantize chooses them."""
        matrices = 1 + 7 * self.shape.get("block_count", 1)
        wanted = int(_SEARCH_WORK / max(self.source.parameters, 1) / matrices)
        return min(_SEARCH_TOKENS[1], max(_SEARCH_TOKENS[0], wanted))

    def disk(self, aim: Aim, made: bool) -> int:
        """Bytes of disk space that the build needs at most; made: the source is no GGUF file."""
        return self.download + (self.full if made else 0) + self.size(aim)

    def aims(self) -> tuple[str, ...]:
        """The results to offer, largest first."""
        offered = (*OFFERED, SEARCHED)
        known = sorted(offered, key=lambda one: self.size(parse_target(one)), reverse=True)
        return tuple(known)

    def preferred(self) -> tuple[str, ...]:
        """What to recommend, if it fits; else the next."""
        first = SEARCHED if self.source.parameters <= SEARCH_UP_TO else "Q4_K_M"
        return (first, "IQ4_XS", "Q3_K_M", "Q2_K")
