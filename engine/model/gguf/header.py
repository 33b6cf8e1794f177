"""Reads and checks the header of a GGUF file without trusting a byte of it.

Covered: everything up to the tensor data, the place of every tensor in the file, the vocabulary's
size and completeness. Not covered: the weights themselves; the model child meets those.
"""

import os
import stat
from dataclasses import dataclass
from math import prod
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.checks import check_adapter, check_model
from engine.model.gguf.kinds import check_kind, check_version
from engine.model.gguf.types import ARRAY, BOOL, SCALAR_LETTERS, STRING, TENSOR_TYPES, TensorType
from engine.model.gguf.values import HeaderReader, ReadAt, damaged

MAX_KEYS = 4096
MAX_TENSORS = 4096  # the largest known models have 1,800
MAX_DIMENSION = 1 << 40
MAX_NAME = 63  # llama.cpp keeps tensor names in 64 bytes
MAX_KEY = 1024
MAX_TEMPLATE = 256 << 10
MAX_ALIGNMENT = 4096
DEFAULT_ALIGNMENT = 32
MAX_SHOWN = 80
WORDS = "tokenizer.ggml.tokens"
KEPT_NUMBERS = 1024  # per-layer lists are kept, vocabulary-sized ones are not
KEPT_STRINGS = 64
TENSOR_BYTES = 256  # what a tensor's entry occupies in memory, beside its name


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """An array that was stepped over, being long or part of the vocabulary: its element type and
    length, for texts also those that can stand for a single byte."""

    kind: int
    count: int
    short: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: name, shape (fastest dimension first), type, offset in the file, bytes."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says about itself; `size` is the whole file's in bytes."""

    version: int
    metadata: dict[str, object]
    tensors: tuple[TensorInfo, ...]
    size: int

    @property
    def architecture(self) -> str:
        """The model family, such as "qwen3"."""
        return str(self.metadata["general.architecture"])

    @property
    def name(self) -> str:
        """The model's own name as one short printable line, or ""."""
        name = self.metadata.get("general.name", "")
        if not isinstance(name, str):
            return ""
        return "".join(letter for letter in name if letter.isprintable())[:MAX_SHOWN].strip()

    def number(self, key: str, default: int) -> int:
        """An integer stored under "<architecture>.<key>"."""
        value = self.metadata.get(f"{self.architecture}.{key}", default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default


def read_header(path: Path) -> GgufHeader:
    """Read and check a model file's header: some milliseconds, at most 20 MB of the file.

    Raises KnownError with one plain sentence for every file that is not a usable model.
    """
    header = _read(path)
    check_model(header)
    return header


def read_adapter(path: Path) -> GgufHeader:
    """Read and check the header of a LoRA adapter's file; raises KnownError for any other."""
    header = _read(path)
    check_adapter(header)
    return header


def read_values(path: Path) -> GgufHeader:
    """Read the header of a GGUF file that is no model; raises KnownError if it is damaged."""
    return _read(path)


def _read(path: Path) -> GgufHeader:
    try:
        _check_regular(os.stat(path), path)  # opening a device may do things
        # Nor does opening wait should the file have become a pipe since.
        file = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        try:
            state = os.fstat(file)
            _check_regular(state, path)
            return _parse(HeaderReader(_reading(file), state.st_size), state.st_size)
        finally:
            os.close(file)
    except OSError as error:
        raise known_os_error(f"read the model file {path.name}", error) from error


def parse_header(read_at: ReadAt, size: int) -> GgufHeader:
    """Read and check the header of a model of `size` bytes, wherever it lies; raises KnownError."""
    header = _parse(HeaderReader(read_at, size), size)
    check_model(header)
    return header


def _check_regular(state: os.stat_result, path: Path) -> None:
    if stat.S_ISREG(state.st_mode):
        return
    what = "a folder" if stat.S_ISDIR(state.st_mode) else "not a file"
    raise KnownError(f"{path.name or path} is {what}.", "Choose a file that ends in .gguf.")


def _reading(file: int) -> ReadAt:
    def read_at(start: int, length: int) -> bytes:
        os.lseek(file, start, os.SEEK_SET)
        parts = []
        while length and (part := os.read(file, length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    return read_at


def _parse(reader: HeaderReader, size: int) -> GgufHeader:
    check_kind(reader.peek(512), size)
    reader.take(4)
    version = reader.u32()
    check_version(version)
    tensor_count = reader.u64()
    key_count = reader.u64()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise damaged("it claims an impossible number of parts")
    metadata: dict[str, object] = {}
    for _ in range(key_count):
        key = reader.string(MAX_KEY)
        if not key or key in metadata:
            raise damaged("a key in it is empty or appears twice")
        metadata[key] = _value(reader, key)
    tensors = _tensors(reader, tensor_count, size, _alignment(metadata))
    return GgufHeader(version, metadata, tensors, size)


def _value(reader: HeaderReader, key: str) -> object:
    kind = reader.u32()
    if kind == STRING:
        template = key.startswith("tokenizer.chat_template")
        return reader.string(MAX_TEMPLATE) if template else reader.string()
    if kind == ARRAY:
        return _array(reader, key)
    return _scalar(reader, kind)


def _scalar(reader: HeaderReader, kind: int) -> object:
    if kind not in SCALAR_LETTERS:
        raise damaged("a value in it has an unknown type")
    value = reader.scalar(kind)
    if kind == BOOL:
        if value not in (0, 1):
            raise damaged("a yes-or-no value in it is neither")
        return bool(value)
    return value


def _array(reader: HeaderReader, key: str) -> object:
    vocabulary = key.startswith("tokenizer.")
    kind, count = reader.list_head()
    if kind == STRING:
        if count <= KEPT_STRINGS and not vocabulary:
            return tuple(reader.string() for _ in range(count))
        return ArrayInfo(kind, count, reader.skip_strings(count, spelling=key == WORDS))
    if kind == ARRAY:
        raise damaged("a list in it holds lists")
    if kind not in SCALAR_LETTERS:
        raise damaged("a list in it has an unknown type")
    if count <= KEPT_NUMBERS and not vocabulary:
        return tuple(_scalar(reader, kind) for _ in range(count))
    reader.skip_scalars(kind, count)
    return ArrayInfo(kind, count)


def _alignment(metadata: dict[str, object]) -> int:
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(value, int) or not 0 < value <= MAX_ALIGNMENT or value & (value - 1):
        raise damaged("its alignment is not a power of two up to 4096")
    return value


def _tensors(
    reader: HeaderReader, count: int, file_size: int, alignment: int
) -> tuple[TensorInfo, ...]:
    names: set[str] = set()
    found: list[tuple[str, tuple[int, ...], TensorType, int, int]] = []
    position = end = 0  # within the data section; tensors follow each other without gaps
    for _ in range(count):
        name = reader.string(MAX_NAME)
        if not name or name in names:
            raise damaged("a tensor in it has no name or the name of another")
        names.add(name)
        shape, kind, offset = _place(reader, name)
        if offset != position:
            raise damaged(f"its tensor {name!a} overlaps another or is out of place")
        size = prod(shape) // kind.block * kind.size
        end = position + size
        if end > file_size:
            raise damaged("it is cut off")
        position = -(-end // alignment) * alignment
        found.append((name, shape, kind, offset, size))
    start = -(-reader.tell() // alignment) * alignment
    if found and start + end > file_size:
        raise damaged("it is cut off")
    return tuple(
        TensorInfo(name, shape, kind, start + offset, size)
        for name, shape, kind, offset, size in found
    )


def _place(reader: HeaderReader, name: str) -> tuple[tuple[int, ...], TensorType, int]:
    """What follows a tensor's name: its shape, its type and its offset in the data section."""
    dimensions = reader.u32()
    if not 1 <= dimensions <= 4:
        raise damaged(f"its tensor {name!a} has {dimensions} dimensions")
    reader.keep(TENSOR_BYTES)
    *shape, number, offset = reader.place(dimensions)
    if min(shape) < 1 or max(shape) >= MAX_DIMENSION:
        raise damaged(f"its tensor {name!a} has an impossible size")
    kind = TENSOR_TYPES.get(number)
    if kind is None:
        raise damaged(f"its tensor {name!a} has an unknown type")
    if shape[0] % kind.block:
        raise damaged(f"the rows of its tensor {name!a} do not fit its type")
    return tuple(shape), kind, offset
