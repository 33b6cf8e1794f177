"""Texts put together from words."""

import pytest

from engine.core.words import capitalised


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("first in, first out", "First in, first out"),
        ("the price of wBTC", "The price of wBTC"),
        ("é", "É"),
        ("5 days", "5 days"),
        ("", ""),
    ],
)
def test_only_the_first_letter_is_changed(text: str, begun: str) -> None:
    assert capitalised(text) == begun
