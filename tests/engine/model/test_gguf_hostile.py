"""Every malformed file gets one sentence, quickly, and little of it is read."""

import os
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from gguf_craft import Craft, integers, string, strings, u32
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.model.gguf import read_header

WORDS = 256
HUGE = (1 << 64) - 1


def array(kind: int, count: int, body: bytes = b"") -> bytes:
    return struct.pack("<IIQ", 9, kind, count) + body


def counts(tensors: int | None = None, keys: int | None = None) -> Callable[[Craft], object]:
    def change(craft: Craft) -> None:
        craft.tensor_count, craft.key_count = tensors, keys

    return change


def embedding(**changes: object) -> Callable[[Craft], object]:
    def change(craft: Craft) -> None:
        for name, value in changes.items():
            setattr(craft.tensors[0], name, value)

    return change


def norm(**changes: object) -> Callable[[Craft], object]:
    def change(craft: Craft) -> None:
        for name, value in changes.items():
            setattr(craft.tensors[1], name, value)

    return change


def put(key: str, value: bytes) -> Callable[[Craft], object]:
    return lambda craft: craft.set(key, value)


def first_key(key: bytes) -> Callable[[Craft], object]:
    return lambda craft: craft.keys.insert(0, (key, u32(1)))


def one_word_less(craft: Craft) -> None:
    words = [word for word in craft.words if word not in {"Ā", "e"}] + ["ee", "eee"]
    craft.set("tokenizer.ggml.tokens", strings(words))


CASES: dict[str, tuple[Callable[[Craft], object], str]] = {
    "other magic": (lambda craft: setattr(craft, "magic", b"GGML"), "not a GGUF"),
    "version 1": (lambda craft: setattr(craft, "version", 1), "version"),
    "version 4": (lambda craft: setattr(craft, "version", 4), "version"),
    "big-endian": (lambda craft: setattr(craft, "version", 3 << 24), "version"),
    "huge tensor count": (counts(tensors=HUGE), "impossible number"),
    "huge key count": (counts(keys=HUGE), "impossible number"),
    "more keys than there are": (counts(keys=4096), "damaged"),
    "more tensors than there are": (counts(tensors=65_536), "damaged"),
    "no tensors": (lambda craft: craft.tensors.clear(), "no weights"),
    "empty key": (first_key(b""), "empty or appears twice"),
    "duplicate key": (first_key(b"general.name"), "appears twice"),
    "key not UTF-8": (first_key(b"\xff\xfe"), "not UTF-8"),
    "endless key": (first_key(b"k" * 2000), "too long"),
    "name not UTF-8": (put("general.name", string(b"\xc3\x28")), "not UTF-8"),
    "huge string": (put("general.name", struct.pack("<IQ", 8, HUGE)), "too long"),
    "string beyond the end": (put("general.name", struct.pack("<IQ", 8, 1 << 20)), "cut off"),
    "huge template": (put("tokenizer.chat_template", string("x" * 300_000)), "too long"),
    "unknown value type": (put("x.y", struct.pack("<I", 13) + b"12345678"), "unknown type"),
    "unknown list type": (put("x.y", array(99, 1, b"1234")), "unknown type"),
    "list in a list": (put("x.y", array(9, 1, array(4, 0))), "unknown type"),
    "bool of 2": (put("x.y", struct.pack("<IB", 7, 2)), "neither"),
    "bool of 2 in a list": (put("x.y", array(7, 1, b"\2")), "neither"),
    "huge list of numbers": (put("x.y", array(4, HUGE)), "cut off"),
    "huge list of strings": (put("x.y", array(8, HUGE)), "too long"),
    "long list of strings": (put("x.y", array(8, 1 << 20)), "damaged"),
    "endless string in a list": (
        put("x.y", array(8, 100, struct.pack("<Q", 1 << 40))),
        "too long",
    ),
    "list of strings beyond the end": (
        put("x.y", array(8, 100, struct.pack("<Q", 1 << 20))),
        "cut off",
    ),
    "alignment 0": (put("general.alignment", u32(0)), "alignment"),
    "alignment 3": (put("general.alignment", u32(3)), "alignment"),
    "huge alignment": (put("general.alignment", u32(1 << 31)), "alignment"),
    "alignment as text": (put("general.alignment", string("32")), "alignment"),
    "tensor without name": (embedding(name=""), "no name"),
    "tensors of one name": (norm(name="token_embd.weight"), "name of another"),
    "tensor with an endless name": (embedding(name="t" * 64), "too long"),
    "no dimensions": (embedding(shape=()), "0 dimensions"),
    "five dimensions": (embedding(shape=(1, 1, 1, 1, 1)), "5 dimensions"),
    "a dimension of zero": (embedding(shape=(8, 0)), "impossible size"),
    "a negative dimension": (embedding(shape=(8, HUGE)), "impossible size"),
    "overflowing product": (embedding(shape=(1 << 39, 1 << 39, 1 << 39, 1 << 39)), "cut off"),
    "unknown tensor type": (embedding(type=4), "unknown type"),
    "huge tensor type": (embedding(type=(1 << 32) - 1), "unknown type"),
    "rows that do not fit the type": (embedding(type=2), "do not fit"),
    "tensor outside the file": (norm(shape=(8, 1 << 20)), "cut off"),
    "tensor offset outside the file": (norm(offset=1 << 40), "out of place"),
    "tensor offset near the maximum": (norm(offset=HUGE), "out of place"),
    "overlapping tensors": (norm(offset=32), "overlaps"),
    "tensor out of alignment": (norm(offset=8 * WORDS * 4 + 4), "out of place"),
    "no architecture": (lambda craft: craft.drop("general.architecture"), "kind of model"),
    "architecture as number": (put("general.architecture", u32(1)), "kind of model"),
    "architecture in no such letters": (
        put("general.architecture", string("\u202eqwen")),
        "kind of model",
    ),
    "no layers": (put("qwen3.block_count", u32(0)), "block count"),
    "layers as text": (put("qwen3.block_count", string("2")), "block count"),
    "no context": (lambda craft: craft.drop("qwen3.context_length"), "context length"),
    "huge width": (put("qwen3.embedding_length", u32(1 << 30)), "embedding length"),
    "no vocabulary": (lambda craft: craft.drop("tokenizer.ggml.tokens"), "no vocabulary"),
    "empty vocabulary": (put("tokenizer.ggml.tokens", strings([])), "no vocabulary"),
    "vocabulary of numbers": (put("tokenizer.ggml.tokens", integers([1] * WORDS)), "vocabulary"),
    "long vocabulary of numbers": (
        put("tokenizer.ggml.tokens", integers([1] * 2000)),
        "no vocabulary",
    ),
    "too few token types": (put("tokenizer.ggml.token_type", integers([1] * 255)), "differ"),
    "too many scores": (put("tokenizer.ggml.scores", array(6, 257, b"\0" * 1028)), "differ"),
    "scores as a number": (put("tokenizer.ggml.scores", u32(256)), "differ"),
    "token types as text": (put("tokenizer.ggml.token_type", strings(["a"] * 256)), "differ"),
    "special word outside": (put("tokenizer.ggml.eos_token_id", u32(256)), "special word"),
    "special word as text": (put("tokenizer.ggml.bos_token_id", string("1")), "special word"),
    "a byte without a word": (one_word_less, "lacks some bytes"),
    "sentencepiece without bytes": (put("tokenizer.ggml.model", string("llama")), "lacks"),
    "weights of another vocabulary": (embedding(shape=(8, 255)), "damaged"),
    "an adapter": (put("general.type", string("adapter")), "add-on"),
    "a vision part": (put("general.architecture", string("clip")), "add-on"),
    "a part of a split model": (put("split.count", u32(3)), "one part"),
}


@pytest.fixture
def good(make_gguf: ModuleType) -> Craft:
    return Craft(make_gguf.byte_characters())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hostile.gguf"


def refused(path: Path) -> KnownError:
    start = time.process_time()
    with pytest.raises(KnownError) as caught:
        read_header(path)
    assert time.process_time() - start < 0.05
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


def test_the_unchanged_file_is_good(good: Craft, path: Path) -> None:
    path.write_bytes(good.encode())
    assert read_header(path).name == "Crafted"


@pytest.mark.parametrize("name", CASES)
def test_crafted(name: str, good: Craft, path: Path) -> None:
    change, words = CASES[name]
    change(good)
    path.write_bytes(good.encode())
    assert words in refused(path).sentence


@pytest.mark.parametrize("content", [b"", b"G", b"GGUF", b"\0" * 64, b"PK\3\4 zip", b"GGUF" * 9])
def test_other_files(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    refused(path)


def test_what_is_not_a_readable_file(tmp_path: Path) -> None:
    refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.gguf")
    refused(tmp_path / "pipe.gguf")
    refused(tmp_path / "absent.gguf")


def test_cut_off_at_every_byte(good: Craft, path: Path) -> None:
    content = good.encode()
    path.write_bytes(content)
    with open(path, "rb+") as file:
        for length in range(len(good.header()) - 1, -1, -1):
            file.truncate(length)
            with pytest.raises(KnownError):
                read_header(path)
    for length in range(len(good.header()), len(content), 193):
        path.write_bytes(content[:length])
        assert "cut off" in refused(path).sentence


def test_a_header_of_gigabytes_is_not_read(good: Craft, path: Path) -> None:
    """The vocabulary claims 200 strings of 1 MB each; the file is sparse and large."""
    words = array(8, 200) + struct.pack("<Q", 1 << 20)
    good.set("tokenizer.ggml.merges", words)
    path.write_bytes(good.header())
    with open(path, "rb+") as file:
        file.truncate(1 << 32)
    refused(path)


def test_random_damage_never_raises_anything_else(tiny_model: Path, path: Path) -> None:
    """Seeded flips, overwrites, insertions and deletions anywhere in a real header."""
    content = tiny_model.read_bytes()
    end = content.index(b"blk.1.ffn_down") + 64
    dice = random.Random(7)
    readable = 0
    for _ in range(800):
        damaged = bytearray(content)
        for _ in range(dice.choice((1, 1, 2, 8))):
            place = dice.randrange(end)
            match dice.randrange(4):
                case 0:
                    damaged[place] ^= 1 << dice.randrange(8)
                case 1:
                    damaged[place : place + 8] = struct.pack("<Q", dice.getrandbits(64))
                case 2:
                    damaged[place:place] = dice.randbytes(dice.randrange(1, 9))
                case 3:
                    del damaged[place : place + dice.randrange(1, 9)]
        path.write_bytes(damaged)
        try:
            read_header(path)
            readable += 1
        except KnownError:
            pass
    assert 0 < readable < 800


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), tensors=st.integers(0, 5), keys=st.integers(0, 5))
def test_arbitrary_bytes(body: bytes, tensors: int, keys: int, path: Path) -> None:
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, tensors, keys) + body)
    with pytest.raises(KnownError):
        read_header(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.integers(0, 12), min_size=1, max_size=6),
    tail=st.binary(max_size=200),
    count=st.integers(0, 1 << 64) | st.integers(0, 300),
)
def test_arbitrary_values(kinds: list[int], tail: bytes, count: int, path: Path) -> None:
    """Well-formed keys with any value types and lengths."""
    parts = [struct.pack("<4sIQQ", b"GGUF", 3, 1, len(kinds))]
    for index, kind in enumerate(kinds):
        key = f"key.{index}".encode()
        parts.append(struct.pack("<Q", len(key)) + key + struct.pack("<I", kind))
        parts.append(struct.pack("<IQ", kind % 10, min(count, HUGE)) if kind == 9 else tail[:8])
    path.write_bytes(b"".join(parts) + tail)
    with pytest.raises(KnownError):
        read_header(path)
