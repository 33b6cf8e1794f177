"""What a recogniser found in a text."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal[
    "asset",
    "account",
    "period",
    "date",
    "percent",  # value: signed Decimal when the sign is known from the words, see `signed`
    "amount",  # money or a plain number
    "years",
    "compounding",
    "term",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """One value found in a text, with the place it was read from.

    value: canonical text (symbol, period, ISO date, term) or a number.
    signed: for percentages, whether the words around it gave it a direction.
    """

    kind: Kind
    value: str | Decimal
    start: int
    end: int
    signed: bool = False


def without_overlaps(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Keeps the longest of overlapping mentions, in reading order."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda m: m.start))
