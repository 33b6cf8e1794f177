"""What a converter for a model family has to provide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quantize.convert.config import Config
from quantize.writer import Metadata


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tensor of the GGUF file and where it comes from.

    source: name in the checkpoint; name: in the GGUF file; shape: slowest dimension first.
    """

    source: str
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A converter: pure functions of the config.

    describe: metadata of the architecture; tensors: all there must be, in file order;
    superfluous: checkpoint tensors that may be there and are left out.
    """

    describe: Callable[[Config], Metadata]
    tensors: Callable[[Config], tuple[Wanted, ...]]
    superfluous: Callable[[Config], frozenset[str]]


Families = Mapping[str, Family]
