"""Refuses texts that are far longer than a model remembers, before it takes them apart.

While the child takes a text apart it does nothing else and cannot be stopped, for up to some
microseconds a character.
"""

from collections.abc import Callable

from engine.model.generation import ContextFull

LONGEST = 128  # characters a token has at most on average, of nothing but blanks or lines
USUAL = 8  # characters a token has on average where a text is far from too long
PIECE = 32 << 10  # characters


def check_length(text: str, n_ctx: int, count: Callable[[str], int]) -> None:
    """Raise ContextFull for a text that is far too long; n_ctx: tokens the model remembers.

    count: the tokens of a text. A text that is long for its room is counted in pieces, no further
    than twice the room: where pieces meet a token or two may be counted that the whole has not.
    """
    if len(text) > LONGEST * n_ctx:
        raise ContextFull(-(-len(text) // LONGEST), n_ctx, counted=False)
    if len(text) <= USUAL * n_ctx:
        return
    tokens = 0
    for start in range(0, len(text), PIECE):
        tokens += count(text[start : start + PIECE])
        if tokens > 2 * n_ctx:
            raise ContextFull(tokens // 2 + 1, n_ctx, counted=False)
