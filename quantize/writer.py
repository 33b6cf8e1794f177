"""Writes GGUF version 3: metadata, tensor list, then the tensors as a stream.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

from engine.model.gguf.types import (
    ARRAY,
    BOOL,
    FLOAT32,
    INT32,
    STRING,
    TENSOR_TYPES,
    UINT16,
    UINT32,
)

ALIGNMENT = 32
VERSION = 3
_TYPE_IDS = {kind.name: number for number, kind in TENSOR_TYPES.items()}

Metadata = Mapping[str, bytes]  # key → one of the encoded values below


def u32(value: int) -> bytes:
    """An unsigned number as a metadata value."""
    return struct.pack("<II", UINT32, value)


def u16(value: int) -> bytes:
    """A small unsigned number as a metadata value."""
    return struct.pack("<IH", UINT16, value)


def integer(value: int) -> bytes:
    """A whole number, which may be negative, as a metadata value."""
    return struct.pack("<Ii", INT32, value)


def f32(value: float) -> bytes:
    """A real number as a metadata value."""
    return struct.pack("<If", FLOAT32, value)


def flag(value: bool) -> bytes:
    """Yes or no as a metadata value."""
    return struct.pack("<I?", BOOL, value)


def text(value: str) -> bytes:
    """A text as a metadata value."""
    return struct.pack("<I", STRING) + _string(value)


def texts(values: Sequence[str]) -> bytes:
    """A list of texts as a metadata value."""
    head = struct.pack("<IIQ", ARRAY, STRING, len(values))
    return head + b"".join(_string(value) for value in values)


def integers(values: Sequence[int]) -> bytes:
    """A list of whole numbers as a metadata value."""
    return struct.pack(f"<IIQ{len(values)}i", ARRAY, INT32, len(values), *values)


def reals(values: Sequence[float]) -> bytes:
    """A list of real numbers as a metadata value."""
    return struct.pack(f"<IIQ{len(values)}f", ARRAY, FLOAT32, len(values), *values)


def flags(values: Sequence[bool]) -> bytes:
    """A list of yes and no as a metadata value."""
    return struct.pack(f"<IIQ{len(values)}?", ARRAY, BOOL, len(values), *values)


def _string(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor to write. shape: slowest dimension first; kind: F32, F16, …;
    blocks: gives its bytes in order."""

    name: str
    shape: tuple[int, ...]
    kind: str
    blocks: Callable[[], Iterator[bytes]]

    @property
    def size(self) -> int:
        """Bytes of the data."""
        kind = TENSOR_TYPES[_TYPE_IDS[self.kind]]
        return prod(self.shape) // kind.block * kind.size


def header(metadata: Metadata, tensors: Sequence[Tensor]) -> bytes:
    """Everything before the tensor data, padded to where it begins."""
    parts = [struct.pack("<4sIQQ", b"GGUF", VERSION, len(tensors), len(metadata))]
    parts += [_string(key) + value for key, value in metadata.items()]
    offset = 0
    for tensor in tensors:
        shape = tensor.shape[::-1]
        parts.append(_string(tensor.name))
        parts.append(struct.pack(f"<I{len(shape)}Q", len(shape), *shape))
        parts.append(struct.pack("<IQ", _TYPE_IDS[tensor.kind], offset))
        offset += padded(tensor.size)
    data = b"".join(parts)
    return data.ljust(padded(len(data)), b"\0")


def total_size(metadata: Metadata, tensors: Sequence[Tensor]) -> int:
    """Bytes of the whole file."""
    return len(header(metadata, tensors)) + sum(padded(tensor.size) for tensor in tensors)


def write_gguf(
    file: BinaryIO,
    metadata: Metadata,
    tensors: Sequence[Tensor],
    on_block: Callable[[Tensor, int], None],
) -> None:
    """Write a file; on_block(tensor, bytes) is called after each block. Raises OSError."""
    file.write(header(metadata, tensors))
    for tensor in tensors:
        write_tensor(file, tensor, on_block)


def write_tensor(file: BinaryIO, tensor: Tensor, on_block: Callable[[Tensor, int], None]) -> None:
    """Write the next tensor of a file, as write_gguf does."""
    written = 0
    for block in tensor.blocks():
        written += len(block)
        file.write(block)
        on_block(tensor, len(block))
    if written != tensor.size:
        raise ValueError(f"{tensor.name}: {written} bytes instead of {tensor.size}")
    file.write(bytes(padded(written) - written))


def padded(size: int) -> int:
    """Bytes that so many take in a file."""
    return -(-size // ALIGNMENT) * ALIGNMENT
