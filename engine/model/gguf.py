"""Reads and checks the header of a GGUF file without trusting a byte of it.

Covered: everything up to the tensor data, the place of every tensor in the file, the vocabulary's
size and completeness. Not covered: the weights themselves; the model child meets those.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf_bytes import HeaderReader, damaged
from engine.model.gguf_checks import check_model
from engine.model.gguf_types import ARRAY, BOOL, SCALAR_LETTERS, STRING, TENSOR_TYPES, TensorType

MAX_KEYS = 4096
MAX_TENSORS = 65_536
MAX_NAME = 63  # llama.cpp keeps tensor names in 64 bytes
MAX_KEY = 1024
MAX_TEMPLATE = 256 << 10
MAX_ALIGNMENT = 4096
DEFAULT_ALIGNMENT = 32
MAX_SHOWN = 80
KEPT_NUMBERS = 1024  # per-layer lists are kept, vocabulary-sized ones are not
KEPT_STRINGS = 64


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """A long array that was stepped over: its element type and length, for strings also those
    short enough to stand for a single byte."""

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
        return value if isinstance(value, int) else default


def read_header(path: Path) -> GgufHeader:
    """Read and check a model file's header; only the header is read, at most 64 MB of it.

    Raises KnownError with one plain sentence for every file that is not a usable model.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for ever
            raise KnownError(
                f"{path.name or path} is not a file.", "Choose a file that ends in .gguf."
            )
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            reader = HeaderReader(file, size)
            header = _read(reader, size)
    except OSError as error:
        raise known_os_error(f"read the model file {path.name}", error) from error
    check_model(header)
    return header


def _read(reader: HeaderReader, size: int) -> GgufHeader:
    if size < 4 or reader.take(4) != b"GGUF":
        raise KnownError("This file is not a GGUF model.", "Choose a file that ends in .gguf.")
    version = reader.u32()
    if version not in (2, 3):
        raise KnownError(
            "This model file is of a GGUF version that Assay does not read.",
            "Get the model in GGUF version 3 (little-endian).",
        )
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
        return _array(reader)
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


def _array(reader: HeaderReader) -> object:
    kind = reader.u32()
    count = reader.u64()
    if kind == STRING:
        if count <= KEPT_STRINGS:
            return tuple(reader.string() for _ in range(count))
        return ArrayInfo(kind, count, frozenset(reader.skip_strings(count)))
    if kind not in SCALAR_LETTERS:  # lists in lists among them
        raise damaged("a list in it has an unknown type")
    if count <= KEPT_NUMBERS:
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
    tensors: list[TensorInfo] = []
    position = 0  # within the data section; tensors follow each other without gaps
    for _ in range(count):
        name = reader.string(MAX_NAME)
        if not name or name in names:
            raise damaged("a tensor in it has no name or the name of another")
        names.add(name)
        shape = _shape(reader, name)
        kind = TENSOR_TYPES.get(reader.u32())
        if kind is None:
            raise damaged(f"its tensor {name!a} has an unknown type")
        if shape[0] % kind.block:
            raise damaged(f"the rows of its tensor {name!a} do not fit its type")
        elements = 1
        for length in shape:
            elements *= length
        size = elements // kind.block * kind.size
        offset = reader.u64()
        if offset != position:
            raise damaged(f"its tensor {name!a} overlaps another or is out of place")
        if size > file_size:
            raise damaged("it is cut off")
        position += -(-size // alignment) * alignment
        tensors.append(TensorInfo(name, shape, kind, offset, size))
    start = -(-reader.tell() // alignment) * alignment
    if tensors and start + tensors[-1].offset + tensors[-1].size > file_size:
        raise damaged("it is cut off")
    return tuple(
        TensorInfo(one.name, one.shape, one.type, start + one.offset, one.size) for one in tensors
    )


def _shape(reader: HeaderReader, name: str) -> tuple[int, ...]:
    dimensions = reader.u32()
    if not 1 <= dimensions <= 4:
        raise damaged(f"its tensor {name!a} has {dimensions} dimensions")
    shape = tuple(reader.u64() for _ in range(dimensions))
    if not all(0 < length < 1 << 40 for length in shape):
        raise damaged(f"its tensor {name!a} has an impossible size")
    return shape
