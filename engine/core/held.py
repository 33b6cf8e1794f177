"""How much of a text that arrives in pieces has to wait."""

from collections.abc import Iterable


def uncertain(text: str, marks: Iterable[str]) -> int:
    """Length of the longest end of the text that could begin one of the marks, but is not whole."""
    longest = 0
    for mark in marks:
        for length in range(min(len(mark) - 1, len(text)), longest, -1):
            if text.endswith(mark[:length]):
                longest = length
                break
    return longest
