"""Is a well-formed GGUF file also a complete chat model? What llama.cpp would abort on."""

import re
from typing import TYPE_CHECKING

from engine.core.errors import KnownError
from engine.model.gguf_bytes import damaged
from engine.model.gguf_types import STRING

if TYPE_CHECKING:
    from engine.model.gguf import GgufHeader

# Whole numbers every model gives, with the largest believable value.
_NUMBERS = {
    "block_count": 4096,
    "context_length": 1 << 30,
    "embedding_length": 1 << 20,
}
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SPECIAL_IDS = ("bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "mask")


def check_model(header: "GgufHeader") -> None:
    """Raise KnownError if the file is not one whole text model with a usable vocabulary."""
    metadata = header.metadata
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not _ARCHITECTURE.fullmatch(architecture):
        raise damaged("it does not say which kind of model it is")
    kind = metadata.get("general.type", "model")
    if kind != "model" or architecture == "clip":
        raise KnownError(
            "This GGUF file is an add-on to a model, not a model.", "Choose the model's own file."
        )
    parts = metadata.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        raise KnownError(
            "This is one part of a model that was split into several files.",
            "Get the model as a single file.",
        )
    if not header.tensors:
        raise KnownError("This GGUF file holds no weights.", "Choose the model's own file.")
    for key, largest in _NUMBERS.items():
        value = metadata.get(f"{architecture}.{key}")
        if not isinstance(value, int) or not 1 <= value <= largest:
            raise damaged(f"its {key.replace('_', ' ')} is missing or impossible")
    _check_vocabulary(header)


def _check_vocabulary(header: "GgufHeader") -> None:
    metadata = header.metadata
    words = _length(metadata.get("tokenizer.ggml.tokens"), strings=True)
    if not words:
        raise damaged("it has no vocabulary")
    for key in ("scores", "token_type"):
        array = metadata.get(f"tokenizer.ggml.{key}")
        if array is not None and _length(array) != words:
            raise damaged("the lists of its vocabulary differ in length")
    for name in _SPECIAL_IDS:
        number = metadata.get(f"tokenizer.ggml.{name}_token_id", 0)
        if not isinstance(number, int) or not 0 <= number < words:
            raise damaged("a special word of its vocabulary does not exist")
    for tensor in header.tensors:
        if tensor.name == "token_embd.weight" and tensor.shape[1:] != (words,):
            raise damaged("its vocabulary and its weights differ in size")
    _check_bytes(metadata)


def _length(array: object, strings: bool = False) -> int:
    """Elements of a metadata array; 0 for anything else or for the wrong kind of elements."""
    if isinstance(array, tuple):
        return len(array) if all(isinstance(item, str) is strings for item in array) else 0
    count = getattr(array, "count", 0)
    return count if (getattr(array, "kind", None) == STRING) is strings else 0


def _check_bytes(metadata: dict[str, object]) -> None:
    """Every byte of ordinary text must have a word, else the vocabulary cannot spell it."""
    tokens = metadata["tokenizer.ggml.tokens"]
    short: frozenset[bytes] = getattr(tokens, "short", frozenset())
    if isinstance(tokens, tuple):
        short = frozenset(str(token).encode() for token in tokens)
    model = metadata.get("tokenizer.ggml.model")
    if model == "gpt2":
        needed = BYTE_CHARACTERS
    elif model == "llama":
        needed = frozenset(f"<0x{byte:02X}>".encode() for byte in range(256))
    else:
        return
    if not needed <= short:
        raise damaged("its vocabulary lacks some bytes")


def _byte_characters() -> frozenset[bytes]:
    """What stands for the bytes of ordinary text in byte-level BPE vocabularies (GPT-2's mapping).

    Printable Latin-1 characters stand for themselves; the other bytes take U+0100 onwards. Left
    out are bytes that real vocabularies lack because their training text had none of them:
    control characters but tab and line ends, and the leading bytes UTF-8 never or hardly uses.
    """
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in plain]
    character = {byte: byte for byte in plain}
    character.update({byte: 0x100 + index for index, byte in enumerate(others)})
    ordinary = (0x09, 0x0A, 0x0D, *range(0x20, 0x7F), *range(0x80, 0xC0), *range(0xC2, 0xF1))
    return frozenset(chr(character[byte]).encode() for byte in ordinary)


BYTE_CHARACTERS = _byte_characters()
