"""Classes of malformed model files, each with words of the sentence it gets."""

import struct
from collections.abc import Callable

from gguf_craft import Craft, integers, string, strings, text, u32

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


def fraction(key: str, value: float) -> Callable[[Craft], object]:
    return put(key, struct.pack("<If", 6, value))


def first_key(key: bytes) -> Callable[[Craft], object]:
    return lambda craft: craft.keys.insert(0, (key, u32(1)))


def many(count: int, value: bytes) -> Callable[[Craft], object]:
    return lambda craft: craft.keys.extend((f"x.{index}", value) for index in range(count))


def words_like(word: bytes) -> Callable[[Craft], object]:
    """Three thousand good words and as many of these, in a list that nobody needs."""
    good = struct.pack("<Q", 3) + b"abc"
    body = good * 3000 + (struct.pack("<Q", len(word)) + word) * 3000
    return put("x.y", array(8, 6000, body))


def one_word_less(craft: Craft) -> None:
    words = [word for word in craft.words if word not in {"Ā", "e"}] + ["ee", "eee"]
    craft.set("tokenizer.ggml.tokens", strings(words))


CASES: dict[str, tuple[Callable[[Craft], object], str]] = {
    "other magic": (lambda craft: setattr(craft, "magic", b"GGML"), "not a GGUF"),
    "version 0": (lambda craft: setattr(craft, "version", 0), "version 0"),
    "version 1": (lambda craft: setattr(craft, "version", 1), "version 1"),
    "version 4": (lambda craft: setattr(craft, "version", 4), "version 4"),
    "version 1000": (lambda craft: setattr(craft, "version", 1000), "version is impossible"),
    "big-endian": (lambda craft: setattr(craft, "version", 3 << 24), "big-endian"),
    "huge tensor count": (counts(tensors=HUGE), "impossible number"),
    "huge key count": (counts(keys=HUGE), "impossible number"),
    "more keys than there are": (counts(keys=4096), "damaged"),
    "more tensors than there are": (counts(tensors=4096), "damaged"),
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
    "list in a list": (put("x.y", array(9, 1, array(4, 0))), "holds lists"),
    "lists in lists without end": (put("x.y", array(9, HUGE, array(9, HUGE)[4:] * 9)), "lists"),
    "too many lists": (many(300, array(8, 0)), "too many lists"),
    "too much text to keep": (many(3, string("x" * 1_000_000)), "too long"),
    "too many numbers to keep": (many(200, integers([1] * 1000)), "too long"),
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
        put("x.y", array(8, 100, struct.pack("<Q", 1 << 16))),
        "cut off",
    ),
    "word beyond the end": (
        put("x.y", array(8, 100, struct.pack("<Q", 3) + b"abc" + struct.pack("<Q", 60_000))),
        "cut off",
    ),
    "word of 64 KiB": (put("x.y", array(8, 100, struct.pack("<Q", 65_537))), "too long"),
    "words not UTF-8": (words_like(b"\xc3\x28"), "not UTF-8"),
    "words cut within a character": (words_like(b"\xe4\xb8"), "not UTF-8"),
    "words of half a surrogate pair": (words_like(b"\xed\xa0\x80"), "not UTF-8"),
    "words of overlong characters": (words_like(b"\xc0\xaf"), "not UTF-8"),
    "words beyond Unicode": (words_like(b"\xf4\x90\x80\x80"), "not UTF-8"),
    "empty words only": (words_like(b""), "hold no words"),
    "long words only": (words_like(b"x" * 256), "hold no words"),
    "words of NULs only": (words_like(b"\0" * 9), "hold no words"),
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
    "layers as a yes-or-no value": (put("qwen3.block_count", struct.pack("<IB", 7, 1)), "block"),
    "layers as a fraction": (put("qwen3.block_count", struct.pack("<If", 6, 1.0)), "block"),
    "negative layers": (put("qwen3.block_count", struct.pack("<Ii", 5, -1)), "block count"),
    "layers as text": (put("qwen3.block_count", string("2")), "block count"),
    "no context": (lambda craft: craft.drop("qwen3.context_length"), "context length"),
    "more layers than llama.cpp runs": (put("qwen3.block_count", u32(513)), "block count"),
    "a negative epsilon": (fraction("qwen3.attention.layer_norm_rms_epsilon", -1.0), "epsilon"),
    "an epsilon that is no number": (
        fraction("qwen3.attention.layer_norm_rms_epsilon", float("nan")),
        "epsilon",
    ),
    "an epsilon as whole number": (put("qwen3.attention.layer_norm_epsilon", u32(1)), "epsilon"),
    "endless positions": (fraction("qwen3.rope.freq_base", float("inf")), "freq base"),
    "positions of zero": (fraction("qwen3.rope.freq_base", 0.0), "freq base"),
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
    "token types as fractions": (
        put("tokenizer.ggml.token_type", array(6, 256, b"\0" * 1024)),
        "wrong type",
    ),
    "scores of bytes": (put("tokenizer.ggml.scores", array(0, 256, b"\0" * 256)), "wrong type"),
    "merges of numbers": (put("tokenizer.ggml.merges", integers([1] * 9)), "not texts"),
    "merges as text": (put("tokenizer.ggml.merges", string("a b")), "not texts"),
    "negative special word": (
        put("tokenizer.ggml.eos_token_id", struct.pack("<Ii", 5, -1)),
        "special word",
    ),
    "special word outside": (put("tokenizer.ggml.eos_token_id", u32(256)), "special word"),
    "special word as text": (put("tokenizer.ggml.bos_token_id", string("1")), "special word"),
    "a byte without a word": (one_word_less, "lacks some bytes"),
    "sentencepiece without bytes": (put("tokenizer.ggml.model", string("llama")), "lacks"),
    "weights of another vocabulary": (embedding(shape=(8, 255)), "damaged"),
    "an adapter": (put("general.type", string("adapter")), "add-on"),
    "a vision part": (put("general.architecture", string("clip")), "add-on"),
    "a part of a split model": (put("split.count", u32(3)), "one part"),
    "a part of a split model, 16 bits": (put("split.count", struct.pack("<IH", 2, 2)), "one part"),
    "split into text": (put("split.count", string("3")), "how many parts"),
}

OTHERS = {
    "nothing": (b"", "empty"),
    "one letter": (b"G", "not a GGUF"),
    "the magic alone": (b"GGUF", "cut off"),
    "the magic over and over": (b"GGUF" * 9, "version"),
    "zeros": (b"\0" * 64, "not a GGUF"),
    "text": (b"hello, world\n" * 9, "not a GGUF"),
    "zip": (b"PK\3\4" + b"\0" * 60, "packed archive"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 60, "packed archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "packed archive"),
    "safetensors": (struct.pack("<Q", 40) + b'{"__metadata__":{}}' + b" " * 40, "safetensors"),
    "web page": (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><title>404</title>", "web page"),
    "web page without a type": (b"<html><body>Log in</body></html>", "web page"),
    "error in XML": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "web page"),
    "Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
        "pointer",
    ),
    "before GGUF": (b"tjgg\3\0\0\0" + b"\0" * 60, "given up"),
    # 49 bytes that keep gguf 0.19 busy for ever: a list that claims to have 2^60 numbers.
    "49 bytes": (
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + text("k") + struct.pack("<IIQ", 9, 4, 1 << 60),
        "cut off",
    ),
}
