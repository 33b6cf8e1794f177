"""Whether a small model can guess ahead for a big one: both must split text alike."""

import hashlib
import mmap
import struct
from functools import lru_cache
from pathlib import Path

from engine.model.gguf.header import GgufHeader
from engine.model.gguf.types import ARRAY, SCALAR_LETTERS, STRING
from engine.model.gguf.values import damaged

_KEYS = (
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_space_prefix",
)
_LISTS = (b"tokenizer.ggml.tokens", b"tokenizer.ggml.merges")
_LENGTH = struct.Struct("<Q")
_HEAD = struct.Struct("<4sIQQ")
_LIST = struct.Struct("<IQ")


def same_tokenizer(header_a: GgufHeader, path_a: Path, header_b: GgufHeader, path_b: Path) -> bool:
    """Whether two checked model files have the same kind of tokenizer, special tokens and words.

    Raises KnownError if a file was changed since it was checked, OSError if it is gone.
    """
    if any(header_a.metadata.get(key) != header_b.metadata.get(key) for key in _KEYS):
        return False
    return vocabulary_digest(path_a) == vocabulary_digest(path_b)


def vocabulary_digest(path: Path) -> bytes:
    """SHA-256 of the words and merges of a model file that read_header has accepted."""
    found = path.stat()
    return _digest(path, found.st_size, found.st_mtime_ns)


@lru_cache(64)
def _digest(path: Path, size: int, changed: int) -> bytes:
    """Worked out once for a file of this size and date: it takes a while with many words."""
    digest = hashlib.sha256()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            *_, count = _HEAD.unpack_from(data, 0)
            position = _HEAD.size
            for _ in range(count):
                key, position = _string(data, position)
                start = position
                position = _skip(data, position)
                if key in _LISTS:
                    digest.update(key + data[start:position])
        except (struct.error, KeyError) as error:
            raise damaged("it was changed meanwhile") from error
    return digest.digest()


def _string(data: mmap.mmap, position: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, position)
    start = position + _LENGTH.size
    return data[start : start + length], start + length


def _skip(data: mmap.mmap, position: int) -> int:
    """The position after a value."""
    (kind,) = struct.unpack_from("<I", data, position)
    position += 4
    if kind == STRING:
        return _string(data, position)[1]
    if kind != ARRAY:
        return position + struct.calcsize(f"<{SCALAR_LETTERS[kind]}")
    kind, count = _LIST.unpack_from(data, position)
    position += _LIST.size
    if kind != STRING:
        return position + int(count) * struct.calcsize(f"<{SCALAR_LETTERS[kind]}")
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size + length
    return position
