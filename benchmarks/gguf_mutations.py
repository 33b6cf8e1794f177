"""Seeded damage to a small model file: what gguf_fuzz.py gives to the reader and to the child."""

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from benchmarks import make_gguf

SMALL = make_gguf.Shape(300, 1, 32, 2, 1, 16, 64, 512, "F32")
NUMBERS = (0, 1, 2, 7, 255, 256, 4095, 65_535, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31)
LENGTHS = (*NUMBERS, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 60, 1 << 63, (1 << 64) - 1)
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the header: "length", "type", "number", "text", "shape", "kind" or "offset"."""

    role: str
    start: int
    size: int


def make_small(path: Path) -> bytes:
    """Write the good model file; its bytes."""
    make_gguf.write_model(path, SMALL, "Small")
    return path.read_bytes()


def header_end(content: bytes) -> int:
    """Where the good file's tensor data starts."""
    last = fields(content)[-1]
    return -(-(last.start + last.size) // make_gguf.ALIGNMENT) * make_gguf.ALIGNMENT


def fields(content: bytes) -> list[Field]:
    """Every field of the good file's header."""
    return list(_fields(content))


def _fields(content: bytes) -> Iterator[Field]:
    tensors, keys = struct.unpack_from("<QQ", content, 8)
    yield Field("number", 4, 4)
    yield Field("length", 8, 8)
    yield Field("length", 16, 8)
    place = 24

    def string() -> Iterator[Field]:
        nonlocal place
        (length,) = struct.unpack_from("<Q", content, place)
        yield Field("length", place, 8)
        yield Field("text", place + 8, length)
        place += 8 + length

    for _ in range(keys):
        yield from string()
        (kind,) = struct.unpack_from("<I", content, place)
        yield Field("type", place, 4)
        place += 4
        count = 1
        if kind == ARRAY:
            kind, count = struct.unpack_from("<IQ", content, place)
            yield Field("type", place, 4)
            yield Field("length", place + 4, 8)
            place += 12
        for _ in range(count):
            if kind == STRING:
                yield from string()
            else:
                yield Field("number", place, SIZES[kind])
                place += SIZES[kind]
    for _ in range(tensors):
        yield from string()
        (dimensions,) = struct.unpack_from("<I", content, place)
        yield Field("number", place, 4)
        yield from (Field("shape", place + 4 + 8 * index, 8) for index in range(dimensions))
        place += 4 + 8 * dimensions
        yield Field("kind", place, 4)
        yield Field("offset", place + 4, 8)
        place += 12


class Mutator:
    """Makes damaged copies of one file; the same seed and index give the same bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._fields = fields(content)
        self._end = header_end(content)
        self._ways: tuple[Callable[[bytearray, random.Random], None], ...] = (
            self._flip,
            self._truncate,
            self._length,
            self._splice,
            self._type,
            self._tensor,
            self._number,
            self._text,
            self._weights,
        )

    def mutate(self, seed: int, index: int) -> bytes:
        """One to three kinds of damage, mostly one."""
        dice = random.Random(f"{seed}:{index}")
        data = bytearray(self._content)
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            dice.choice(self._ways)(data, dice)
        return bytes(data)

    def _pick(self, data: bytearray, dice: random.Random, *roles: str) -> Field:
        """A field that still lies within the data; fields of the shorter lists come as often."""
        found = [field for field in self._fields if field.role in roles]
        # Most fields are the vocabulary's: half of the time one of the others is taken.
        few = [field for field in found if field.start < 900 or field.start > self._end - 900]
        return dice.choice(few if few and dice.random() < 0.5 else found)

    def _put(self, data: bytearray, field: Field, value: int) -> None:
        mask = (1 << 8 * field.size) - 1
        data[field.start : field.start + field.size] = (value & mask).to_bytes(field.size, "little")

    def _flip(self, data: bytearray, dice: random.Random) -> None:
        for _ in range(dice.choice((1, 1, 2, 8))):
            data[dice.randrange(min(self._end, len(data)))] ^= 1 << dice.randrange(8)

    def _truncate(self, data: bytearray, dice: random.Random) -> None:
        del data[dice.randrange(1, dice.choice((self._end, len(self._content)))) :]

    def _length(self, data: bytearray, dice: random.Random) -> None:
        field = self._pick(data, dice, "length")
        old = int.from_bytes(self._content[field.start : field.start + 8], "little")
        self._put(data, field, dice.choice((*LENGTHS, old - 1, old + 1, dice.getrandbits(64))))

    def _splice(self, data: bytearray, dice: random.Random) -> None:
        start, source = dice.randrange(self._end), dice.randrange(self._end)
        count = dice.choice((1, 4, 8, 64))
        piece = self._content[source : source + count]
        match dice.randrange(3):
            case 0:
                data[start : start + count] = piece
            case 1:
                data[start:start] = piece
            case 2:
                del data[start : start + count]

    def _type(self, data: bytearray, dice: random.Random) -> None:
        same = dice.choice(((4, 5, 6), tuple(range(13)), (13, 99, (1 << 32) - 1)))
        self._put(data, self._pick(data, dice, "type"), dice.choice(same))

    def _tensor(self, data: bytearray, dice: random.Random) -> None:
        field = self._pick(data, dice, "shape", "shape", "kind", "offset")
        match field.role:
            case "shape" if dice.random() < 0.5:  # two dimensions change places
                other = dice.choice([one for one in self._fields if one.role == "shape"])
                self._put(data, field, self._value(other))
                self._put(data, other, self._value(field))
            case "kind":
                self._put(data, field, dice.randrange(45))
            case _:
                self._put(data, field, dice.choice((*LENGTHS, self._value(field) + 32)))

    def _number(self, data: bytearray, dice: random.Random) -> None:
        self._put(data, self._pick(data, dice, "number"), dice.choice((*NUMBERS, -1)))

    def _text(self, data: bytearray, dice: random.Random) -> None:
        field = self._pick(data, dice, "text")
        if field.size:
            place = field.start + dice.randrange(field.size)
            data[place : place + 1] = bytes([dice.choice((0x20, 0x41, 0x61, 0x5F, 0x00, 0xC3))])

    def _weights(self, data: bytearray, dice: random.Random) -> None:
        if len(data) > self._end:
            place = dice.randrange(self._end, len(data))
            data[place : place + 64] = dice.randbytes(64)[: len(data) - place]

    def _value(self, field: Field) -> int:
        return int.from_bytes(self._content[field.start : field.start + field.size], "little")


def odd_models() -> Iterator[tuple[str, dict[str, object]]]:
    """Well-formed files that only llama.cpp can judge: a name, and keys to set in the good one."""
    for key, values in {
        "qwen3.attention.head_count": (0, 3, 1 << 20, (1 << 31) - 1),
        "qwen3.attention.head_count_kv": (0, 3, 64, 1 << 20),
        "qwen3.attention.key_length": (0, 1, 15, 1 << 20),
        "qwen3.attention.value_length": (0, 1, 1 << 20),
        "qwen3.feed_forward_length": (0, 1, 1 << 30),
        "qwen3.embedding_length": (1, 31, 1 << 20),
        "qwen3.block_count": (2, 512),
        "qwen3.context_length": (1, 1 << 30),
        "qwen3.expert_count": (1, 100_000),
        "qwen3.rope.freq_base": (1.0, 1e30),
        "qwen3.rope.dimension_count": (0, 1, 1 << 20),
        "qwen3.attention.layer_norm_rms_epsilon": (0.0, 1e30),
        "general.architecture": ("llama", "mamba", "gemma3", "bert", "t5", "deepseek2", "nothing"),
        "tokenizer.ggml.model": ("bert", "t5", "rwkv", "plamo2", "none", "nothing"),
        "tokenizer.ggml.pre": ("default", "llama-bpe", "kimi-k2", "plamo2", "nothing"),
        "tokenizer.ggml.merges": (["no"], ["a b"] * 99, ["  "], ["\0 \0"]),
        "tokenizer.chat_template": ("{{ 'a' * 10**9 }}", "{% for a in range(10**9) %}{% endfor %}"),
        "general.alignment": (64, 4096),
        "split.count": (0,),
    }.items():
        for value in values:
            yield f"{key} = {str(value)[:30]}", {key: value}
    words = make_gguf.vocabulary(SMALL.vocab)[0]
    yield "words that appear twice", {"tokenizer.ggml.tokens": words[:-1] + words[:1]}
    yield (
        "words without line ends",
        {"tokenizer.ggml.tokens": [word.replace("Ċ", "#n") for word in words]},
    )


def odd_model(changes: dict[str, object]) -> bytes:
    """The good model with some keys changed and its weights in place."""
    pairs = make_gguf.metadata(SMALL, "Odd") | changes
    kept = list(make_gguf.tensor_shapes(SMALL))
    alignment = pairs["general.alignment"]
    assert isinstance(alignment, int)
    parts = [struct.pack("<4sIQQ", b"GGUF", 3, len(kept), len(pairs))]
    parts += [_encode_text(key) + make_gguf.encode_value(pairs[key]) for key in pairs]
    place = 0
    for name, shape in kept:
        parts.append(_encode_text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape))
        parts.append(struct.pack("<IQ", make_gguf.TYPE_IDS[SMALL.type], place))
        place += -(-4 * prod(shape) // alignment) * alignment
    header = b"".join(parts)
    return header + bytes(-len(header) % alignment + place)


def _encode_text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data
