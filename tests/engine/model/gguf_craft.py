"""Builds GGUF headers byte by byte, right or wrong."""

import struct
from dataclasses import dataclass, field

U32, F32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9


def text(value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def u32(value: int) -> bytes:
    return struct.pack("<II", U32, value)


def string(value: str | bytes) -> bytes:
    return struct.pack("<I", STRING) + text(value)


def strings(values: list[str]) -> bytes:
    return struct.pack("<IIQ", ARRAY, STRING, len(values)) + b"".join(map(text, values))


def integers(values: list[int]) -> bytes:
    return struct.pack(f"<IIQ{len(values)}i", ARRAY, 5, len(values), *values)


@dataclass
class Tensor:
    """A tensor's entry, with its offset within the data section."""

    name: str
    shape: tuple[int, ...]
    type: int = 0
    offset: int = 0

    def encode(self) -> bytes:
        count = len(self.shape)
        shape = struct.pack(f"<I{count}Q", count, *self.shape)
        return text(self.name) + shape + struct.pack("<IQ", self.type, self.offset)


@dataclass
class Craft:
    """A small valid model file; change a part and call encode()."""

    words: list[str]
    magic: bytes = b"GGUF"
    version: int = 3
    keys: list[tuple[str | bytes, bytes]] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    tensor_count: int | None = None
    key_count: int | None = None
    data: int = 0

    def __post_init__(self) -> None:
        self.keys = [
            ("general.architecture", string("qwen3")),
            ("general.name", string("Crafted")),
            ("qwen3.block_count", u32(1)),
            ("qwen3.context_length", u32(512)),
            ("qwen3.embedding_length", u32(8)),
            ("tokenizer.ggml.model", string("gpt2")),
            ("tokenizer.ggml.tokens", strings(self.words)),
            ("tokenizer.ggml.token_type", integers([1] * len(self.words))),
        ]
        size = 8 * len(self.words) * 4
        self.tensors = [
            Tensor("token_embd.weight", (8, len(self.words))),
            Tensor("output_norm.weight", (8,), 0, size),
        ]
        self.data = size + 32

    def set(self, key: str, value: bytes) -> "Craft":
        """Replace or add a key."""
        self.keys = [pair for pair in self.keys if pair[0] != key] + [(key, value)]
        return self

    def drop(self, key: str) -> "Craft":
        self.keys = [pair for pair in self.keys if pair[0] != key]
        return self

    def header(self) -> bytes:
        tensors = len(self.tensors) if self.tensor_count is None else self.tensor_count
        keys = len(self.keys) if self.key_count is None else self.key_count
        parts = [self.magic, struct.pack("<IQQ", self.version, tensors, keys)]
        parts += [text(key) + value for key, value in self.keys]
        parts += [tensor.encode() for tensor in self.tensors]
        return b"".join(parts)

    def encode(self) -> bytes:
        header = self.header()
        return header + b"\0" * (-len(header) % 32 + self.data)
