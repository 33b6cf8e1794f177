"""How long coins were held before they were given away, and gains split by it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from engine.ledger.lotbook import Disposal, LotBook

Term = Literal["short", "long", "none"]
"""Held for less than a number of days, for at least that many, or of no date (the UK pool)."""


@dataclass(frozen=True, slots=True)
class TermGain:
    """One asset's disposals of one term: gains are the sum above zero, losses that below (<= 0)."""

    asset: str
    term: Term
    amount: Decimal
    proceeds: Decimal
    cost: Decimal
    gains: Decimal
    losses: Decimal

    @property
    def gain(self) -> Decimal:
        """Gains less losses."""
        return self.gains + self.losses


def days_held(disposal: Disposal) -> int | None:
    """Full days from acquisition to disposal; None for coins of a UK pool.

    Negative for coins bought back within 30 days after their sale (the UK rule).
    """
    if disposal.acquired is None:
        return None
    return (disposal.time - disposal.acquired).days


def term(disposal: Disposal, long_days: int) -> Term:
    """The term of a disposal; long_days: held for at least so many full days is long."""
    days = days_held(disposal)
    if days is None:
        return "none"
    return "long" if days >= long_days else "short"


def tax_year(when: datetime, year_start: tuple[int, int] = (1, 1)) -> int:
    """The number of the tax year of a moment: the calendar year in which the tax year starts.

    year_start: its first month and day (UTC); (4, 6) in the United Kingdom.
    """
    return when.year if (when.month, when.day) >= year_start else when.year - 1


def realised_by_term(
    book: LotBook, long_days: int, start: date | None = None, end: date | None = None
) -> tuple[TermGain, ...]:
    """Disposals from start to end (both included) by asset and term, sorted."""
    totals: dict[tuple[str, Term], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 5)
    for one in book.disposals:
        day = one.time.date()
        if (start is not None and day < start) or (end is not None and day > end):
            continue
        row = totals[one.asset, term(one, long_days)]
        row[0] += one.amount
        row[1] += one.proceeds
        row[2] += one.cost
        row[3 if one.gain > 0 else 4] += one.gain
    return tuple(TermGain(asset, held, *row) for (asset, held), row in sorted(totals.items()))
