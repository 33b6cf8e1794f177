"""The exact size of a model file before it is written."""

import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path

from engine.core.files import known_os_error
from engine.model.gguf.header import DEFAULT_ALIGNMENT, GgufHeader, TensorInfo
from engine.model.gguf.types import TENSOR_TYPES

_BY_NAME = {kind.name: kind for kind in TENSOR_TYPES.values()}
_NUMBERS = {kind.name: number for number, kind in TENSOR_TYPES.items()}
# llama.cpp adds these whole numbers where a file lacks them.
_ADDED = ("general.quantization_version", "general.file_type")


def file_size(path: Path, header: GgufHeader, kinds: Mapping[str, str]) -> int:
    """Bytes of the file llama.cpp makes of `path` with each tensor stored as kinds[name].

    header: of `path`. Raises KnownError if it cannot be read.
    """
    added = sum(8 + len(key) + 4 + 4 for key in _ADDED if key not in header.metadata)
    size = padded(header, _described(path, header) + added)
    return size + sum(
        padded(header, tensor_size(tensor.shape, kinds[tensor.name])) for tensor in header.tensors
    )


def padded(header: GgufHeader, size: int) -> int:
    """Bytes a part of so many bytes takes in a file with such a header."""
    step = header.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    assert isinstance(step, int)
    return -(-size // step) * step


def tensor_size(shape: tuple[int, ...], kind: str) -> int:
    """Bytes of a tensor's data as a type."""
    info = _BY_NAME[kind]
    return prod(shape) // info.block * info.size


def fits(shape: tuple[int, ...], kind: str) -> bool:
    """Whether rows of this length consist of whole blocks of a type."""
    return shape[0] % _BY_NAME[kind].block == 0


def bits_per_weight(header: GgufHeader, kinds: Mapping[str, str]) -> float:
    """Bits a weight takes on average, over all tensors."""
    total = sum(tensor_size(tensor.shape, kinds[tensor.name]) for tensor in header.tensors)
    return 8 * total / weights(header)


def weights(header: GgufHeader) -> int:
    """How many numbers a model has."""
    return sum(prod(tensor.shape) for tensor in header.tensors)


def kinds_of(header: GgufHeader) -> dict[str, str]:
    """Tensor → its type's name."""
    return {tensor.name: tensor.type.name for tensor in header.tensors}


def kinds_by_number(numbers: Mapping[str, float]) -> dict[str, str]:
    """Tensor → its type's name, from ggml's numbers of the types."""
    return {name: TENSOR_TYPES[int(number)].name for name, number in numbers.items()}


def _described(path: Path, header: GgufHeader) -> int:
    """Bytes up to the end of the last tensor's description; what follows is padding."""
    entry = _entry(header.tensors[-1], header.tensors[0].offset)
    try:
        with open(path, "rb") as file:
            head = file.read(header.tensors[0].offset)
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    return head.rindex(entry) + len(entry)


def _entry(tensor: TensorInfo, start: int) -> bytes:
    name, shape = tensor.name.encode(), tensor.shape
    head = struct.pack("<Q", len(name)) + name + struct.pack("<I", len(shape))
    sizes = struct.pack(f"<{len(shape)}Q", *shape)
    return head + sizes + struct.pack("<IQ", _NUMBERS[tensor.type.name], tensor.offset - start)
