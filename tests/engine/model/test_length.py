"""Texts that are far too long are refused after a look at their beginning."""

import pytest

from engine.model.generation import ContextFull
from engine.model.length import LONGEST, PIECE, check_length


class Counter:
    """A tokenizer with tokens of so many characters."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        self.seen = 0

    def __call__(self, text: str) -> int:
        self.seen += len(text)
        return -(-len(text) // self.characters)


def test_what_no_tokens_could_be() -> None:
    counter = Counter(1)
    with pytest.raises(ContextFull, match="at least 513 tokens") as caught:
        check_length("a" * (LONGEST * 512 + 1), 512, counter)
    assert (caught.value.prompt_tokens, caught.value.n_ctx) == (513, 512)
    assert counter.seen == 0


def test_what_fits_easily_is_not_counted() -> None:
    counter = Counter(1)
    check_length("a" * 8 * 512, 512, counter)
    assert counter.seen == 0


def test_only_the_beginning_is_counted() -> None:
    counter = Counter(4)
    with pytest.raises(ContextFull) as caught:
        check_length("a" * 1_000_000, 8192, counter)
    assert caught.value.prompt_tokens > 8192
    assert counter.seen == 3 * PIECE


def test_long_words_fit() -> None:
    counter = Counter(100)
    check_length("a" * 100 * 8192, 8192, counter)
    assert counter.seen == 100 * 8192
