"""Weekly and monthly candles from daily prices, in exact decimals."""

import calendar
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from engine.core.records import PricePoint

Span = Literal["week", "month"]


@dataclass(frozen=True, slots=True)
class Candle:
    """Prices of a week (from Monday) or month; prices in the currency of the series.

    start, end: its first and last day, both included. days: how many of them have a price.
    volume: the sum of the days, None if one of them has none.
    """

    start: date
    end: date
    days: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None

    @property
    def complete(self) -> bool:
        """Whether every day has a price."""
        return self.days == (self.end - self.start).days + 1


def resample(points: Sequence[PricePoint], span: Span) -> tuple[Candle, ...]:
    """Candles of one series; points by day, one per day.

    A day without open, high or low takes part with its close: the open of a candle is that of its
    first day with a price, the close that of its last.
    """
    found = []
    for (start, end), group in itertools.groupby(points, lambda point: _span(point.day, span)):
        rows = list(group)
        prices = [price for row in rows for price in (row.open, row.high, row.low, row.close)]
        known = [price for price in prices if price is not None]
        volumes = [row.volume for row in rows if row.volume is not None]
        found.append(
            Candle(
                start,
                end,
                len(rows),
                rows[0].close if rows[0].open is None else rows[0].open,
                max(known),
                min(known),
                rows[-1].close,
                sum(volumes, Decimal(0)) if len(volumes) == len(rows) else None,
            )
        )
    return tuple(found)


def _span(day: date, span: Span) -> tuple[date, date]:
    """The first and the last day of the week or month that a day is in."""
    if span == "week":
        monday = day - timedelta(day.weekday())
        return monday, monday + timedelta(6)
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
