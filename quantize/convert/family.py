"""What a converter for a model family has to provide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quantize.convert.config import Config
from quantize.writer import Metadata


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tensor of the GGUF file and where it comes from.

    sources: names in the checkpoint; of a tensor with three dimensions each gives one slice;
    name: in the GGUF file; shape: slowest dimension first; heads: the rows of each of so many
    heads are put into llama.cpp's order for rotation, 0 for none; exact: F32 in every file;
    values: the numbers themselves, of a tensor that is in no checkpoint.
    """

    sources: tuple[str, ...]
    name: str
    shape: tuple[int, ...]
    heads: int = 0
    exact: bool = False
    plus: float = 0.0
    values: tuple[float, ...] = ()

    @property
    def part(self) -> tuple[int, ...]:
        """The shape of each source."""
        return self.shape[1:] if len(self.shape) == 3 else self.shape


@dataclass(frozen=True, slots=True)
class Family:
    """A converter: pure functions of the config.

    describe: metadata of the architecture; tensors: all there must be, in file order, first one
    whose precision is that of the model; superfluous: whether a checkpoint tensor of that name
    may be there and is left out.
    """

    describe: Callable[[Config], Metadata]
    tensors: Callable[[Config], tuple[Wanted, ...]]
    superfluous: Callable[[Config, str], bool]


Families = Mapping[str, Family]
