"""Makes the model that stands in for the one the tests download, which is not at hand offline.

It has random weights, but writes letters only and hardly ever ends by itself, as theirs does.
"""

from pathlib import Path

import numpy as np

from benchmarks import make_gguf

NAME = "Stand-in"
_FIRST = ("<unk>", "<s>", "</s>")
_SHAPE = make_gguf.Shape(512, 2, 64, 4, 2, 32, 128, 8192, "F32")


def write_stand_in(path: Path, template: str = "") -> None:
    """Write the model file; template: the chat template inside it, ChatML if ""."""
    own = {"tokenizer.chat_template": template} if template else {"assay.template": "chatml"}
    make_gguf.metadata = lambda shape, name: _metadata(shape, name) | own
    make_gguf.tensor_bytes = _tensor_bytes
    try:
        make_gguf.write_model(path, _SHAPE, NAME)
    finally:
        make_gguf.metadata, make_gguf.tensor_bytes = _PLAIN, _PLAIN_BYTES


def _metadata(shape: make_gguf.Shape, name: str) -> dict[str, object]:
    """That of a tiny Qwen3, except that its vocabulary begins as theirs, and its texts with <s>."""
    values = _PLAIN(shape, name)
    words, merges = make_gguf.vocabulary(shape.vocab - len(_FIRST))
    tokens = [*_FIRST, *words]
    kinds = [make_gguf.CONTROL] * len(_FIRST) + [make_gguf.NORMAL] * len(words)
    first_special = len(tokens) - len(make_gguf.SPECIALS)
    for index in range(first_special, len(tokens)):
        control = index < first_special + make_gguf.CONTROLS
        kinds[index] = make_gguf.CONTROL if control else make_gguf.USER_DEFINED
    return values | {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": first_special + 2,
        "tokenizer.ggml.padding_token_id": first_special,
        "tokenizer.ggml.add_bos_token": True,
    }


_PLAIN = make_gguf.metadata
_PLAIN_BYTES = make_gguf.tensor_bytes


def _tensor_bytes(kind: str, dimensions: tuple[int, ...], random: np.random.Generator) -> bytes:
    """Random, except that words that are no plain letters are never likely."""
    data = _PLAIN_BYTES(kind, dimensions, random)
    if dimensions != (_SHAPE.hidden, _SHAPE.vocab):
        return data
    rows = np.frombuffer(data, np.float32).reshape(_SHAPE.vocab, _SHAPE.hidden).copy()
    words = [*_FIRST, *make_gguf.vocabulary(_SHAPE.vocab - len(_FIRST))[0]]
    space = make_gguf.byte_characters()[0x20]
    for index, word in enumerate(words):
        plain = word.replace(space, "")
        if not (plain.isascii() and plain.isalpha()):
            rows[index] *= 0.01
    return rows.tobytes()
