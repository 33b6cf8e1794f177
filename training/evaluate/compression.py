"""How well a tokenizer compresses a text, and what its longest tokens are."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tokenizers import Tokenizer

from training.vocabulary import RESERVED_TOKENS

LONGEST = 12


@dataclass(frozen=True)
class Compression:
    """bytes_per_token: a loss of x nats a token is x / (ln 2 · bytes_per_token) bits per byte, the
    figure that compares models with different tokenizers. used: share of the vocabulary that
    occurs."""

    bytes_per_token: float
    tokens_per_word: float
    used: float


def compression(tokenizer: Tokenizer, texts: Iterable[str]) -> Compression:
    """Measure on texts; words are runs of letters or digits. ValueError if there is no text."""
    size = words = 0
    seen: Counter[int] = Counter()
    for text in texts:
        size += len(text.encode())
        words += len(re.findall(r"\w+", text))
        seen.update(tokenizer.encode(text).ids)
    if not words:
        raise ValueError("There is no text to measure the tokenizer with.")
    tokens = seen.total()
    return Compression(size / tokens, tokens / words, len(seen) / tokenizer.get_vocab_size())


def longest_tokens(tokenizer: Tokenizer) -> list[str]:
    """The longest learnt tokens, as text."""
    numbers = tokenizer.get_vocab()
    learnt = numbers.keys() - set(RESERVED_TOKENS)
    chosen = sorted(learnt, key=lambda token: (-len(token), token))[:LONGEST]
    return [tokenizer.decode([numbers[token]]) for token in chosen]
