"""Which types are worth trying for each weight, when a file is to have a certain size."""

from collections.abc import Mapping
from math import prod
from pathlib import Path

from engine.model.gguf.header import GgufHeader, TensorInfo
from quantize.imatrix import read_importance
from quantize.sizes import file_size, fits, kinds_of, padded, tensor_size
from quantize.types import WEIGHT_TYPES

SPAN = 1.5  # types this many bits per weight below the aim are not looked at


def candidates(
    source: Path, header: GgufHeader, planned: Mapping[str, str], importance: Path, budget: int
) -> dict[str, list[str]]:
    """Tensor → types worth trying, its own among them; only tensors that llama.cpp quantizes.

    header: of `source`; planned: what llama.cpp would make of each tensor; importance: a matrix's
    file; budget: bytes of the new file. Raises KnownError.
    """
    known = read_importance(importance)
    tensors = {one.name: one for one in header.tensors if planned[one.name] != one.type.name}
    possible = {name: _possible(one, name in known) for name, one in tensors.items()}
    free = [name for name, kinds in possible.items() if len(kinds) > 1]
    count = sum(prod(tensors[name].shape) for name in free)
    bits = 8 * room(source, header, free, budget) / max(1, count)
    return {name: _near(tensors[name], kinds, bits) for name, kinds in possible.items()}


def room(source: Path, header: GgufHeader, names: list[str], budget: int) -> int:
    """Bytes the named tensors may take in a file of `budget` bytes if the others stay."""
    own = sum(padded(header, one.size) for one in header.tensors if one.name in names)
    return budget - file_size(source, header, kinds_of(header)) + own


def _possible(tensor: TensorInfo, known: bool) -> list[str]:
    """Types a tensor can be stored as; known: its importances are."""
    smaller = [
        kind
        for kind in WEIGHT_TYPES
        if kind not in ("F32", "F16", "BF16")
        and fits(tensor.shape, kind)
        and (known or not kind.startswith(("IQ1", "IQ2", "IQ3")))
    ]
    return [tensor.type.name, *smaller]


def _near(tensor: TensorInfo, kinds: list[str], bits: float) -> list[str]:
    """The types that are not far below the aim, and always the next one below it."""
    sizes = {kind: 8 * tensor_size(tensor.shape, kind) / prod(tensor.shape) for kind in kinds}
    below = max((size for size in sizes.values() if size <= bits), default=bits)
    return [kind for kind in kinds if sizes[kind] >= min(bits - SPAN, below)]
