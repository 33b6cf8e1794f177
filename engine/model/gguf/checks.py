"""Is a well-formed GGUF file also a complete chat model? What llama.cpp would abort on."""

import re
from typing import TYPE_CHECKING

from engine.core.errors import KnownError
from engine.model.gguf.types import FLOAT32, INT32, STRING
from engine.model.gguf.values import damaged

if TYPE_CHECKING:
    from engine.model.gguf.header import GgufHeader

# Whole numbers every model gives, with the largest believable value.
_NUMBERS = {
    "block_count": 512,
    "context_length": 1 << 30,
    "embedding_length": 1 << 20,
}
# Fractions that llama.cpp ends the process for, or computes nonsense with: the smallest allowed.
_FRACTIONS = {
    "attention.layer_norm_epsilon": 0.0,
    "attention.layer_norm_rms_epsilon": 0.0,
    "rope.freq_base": 1.0,
}
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
# Lists with an entry per word: the types llama.cpp reads them as.
_LISTS = {"scores": (FLOAT32, INT32), "token_type": (INT32,)}
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
    parts = _whole(metadata.get("split.count", 1))
    if parts < 0:
        raise damaged("it does not say of how many parts it is")
    if parts > 1:
        raise KnownError(
            "This is one part of a model that was split into several files.",
            "Get the model as a single file.",
        )
    if not header.tensors:
        raise KnownError("This GGUF file holds no weights.", "Choose the model's own file.")
    for key, largest in _NUMBERS.items():
        if not 1 <= _whole(metadata.get(f"{architecture}.{key}")) <= largest:
            raise damaged(f"its {key.replace('_', ' ')} is missing or impossible")
    for key, smallest in _FRACTIONS.items():
        fraction = metadata.get(f"{architecture}.{key}", smallest)
        if not isinstance(fraction, float) or not smallest <= fraction < float("inf"):
            raise damaged(f"its {key.rpartition('.')[2].replace('_', ' ')} is impossible")
    _check_vocabulary(header)


def check_adapter(header: "GgufHeader") -> None:
    """Raise KnownError if the file is not a LoRA adapter."""
    metadata = header.metadata
    kind = (metadata.get("general.type"), metadata.get("adapter.type"))
    if kind != ("adapter", "lora"):
        raise KnownError(
            "This GGUF file is not an adapter.", "Choose a LoRA adapter in the GGUF format."
        )
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not _ARCHITECTURE.fullmatch(architecture):
        raise damaged("it does not say for which kind of model it is")
    if not header.tensors:
        raise damaged("it holds no weights")


def _check_vocabulary(header: "GgufHeader") -> None:
    metadata = header.metadata
    words = _length(metadata.get("tokenizer.ggml.tokens"), STRING)
    if not words:
        raise damaged("it has no vocabulary")
    for key, kinds in _LISTS.items():
        array = metadata.get(f"tokenizer.ggml.{key}")
        if array is not None and _length(array, *kinds) != words:
            raise damaged("the lists of its vocabulary differ in length or have a wrong type")
    merges = metadata.get("tokenizer.ggml.merges")
    if merges is not None and getattr(merges, "kind", None) != STRING:
        raise damaged("the rules of its vocabulary are not texts")
    for name in _SPECIAL_IDS:
        if not 0 <= _whole(metadata.get(f"tokenizer.ggml.{name}_token_id", 0)) < words:
            raise damaged("a special word of its vocabulary does not exist")
    for tensor in header.tensors:
        if tensor.name == "token_embd.weight" and tensor.shape[1:] != (words,):
            raise damaged("its vocabulary and its weights differ in size")
    _check_bytes(metadata)


def _whole(value: object) -> int:
    """A whole number as it is, or -1 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _length(array: object, *kinds: int) -> int:
    """Elements of a list of the vocabulary; 0 for anything else or for other kinds of elements."""
    return getattr(array, "count", 0) if getattr(array, "kind", None) in kinds else 0


def _check_bytes(metadata: dict[str, object]) -> None:
    """Every byte of ordinary text must have a word, else the vocabulary cannot spell it."""
    short: frozenset[bytes] = getattr(metadata["tokenizer.ggml.tokens"], "short", frozenset())
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
