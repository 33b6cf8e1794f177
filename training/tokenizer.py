"""Byte-level BPE tokenizer whose splits equal those of Qwen2 (GGUF `tokenizer.ggml.pre = qwen2`).

There is no normaliser: llama.cpp applies none either, and decoding gives back the exact text.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from engine.core.errors import KnownError
from training.vocabulary import CONTROL_TOKENS, END_OF_TEXT, RESERVED_TOKENS, TURN_END

# Qwen2's split expression; it cuts numbers into single digits.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Learn byte-pair merges from texts and add the reserved tokens at the end of the vocabulary.

    vocab_size counts everything: 256 bytes, merges and reserved tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(RESERVED_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    for text in RESERVED_TOKENS:
        token = AddedToken(text, special=text in CONTROL_TOKENS, normalized=False)
        if text in CONTROL_TOKENS:
            tokenizer.add_special_tokens([token])
        else:
            tokenizer.add_tokens([token])
    if tokenizer.get_vocab_size() != vocab_size:
        raise ValueError(
            f"The sample is too small: it gave {tokenizer.get_vocab_size()} of {vocab_size} tokens."
        )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path, chat_template: str, context: int) -> None:
    """Write the files from which transformers loads a tokenizer.

    chat_template: Jinja text; context: longest input of the model in tokens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": TURN_END,
        "pad_token": END_OF_TEXT,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))
    (folder / "chat_template.jinja").write_text(chat_template, encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer.json in folder; KnownError if there is none.

    Texts come out whole and unpadded, also where the file asks for something else.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise KnownError(f"{folder} has no tokenizer.", "Copy that of its model into the folder.")
    tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def bytes_per_token(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Number of UTF-8 bytes each token id stands for; 0 for control tokens, which are not text."""
    reserved = set(RESERVED_TOKENS)
    sizes = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for token, number in tokenizer.get_vocab().items():
        if token in CONTROL_TOKENS:
            continue
        # In the byte-level alphabet every character stands for one byte.
        sizes[number] = len(token.encode()) if token in reserved else len(token)
    return sizes
