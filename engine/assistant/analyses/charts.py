"""Charts that several analyses draw."""

import math
from collections.abc import Sequence
from datetime import date

from engine.core.cards import ChartCard, Series
from engine.ledger.pricing import Floats

_POINTS = 800
"""More than this a chart cannot show; longer series keep every second, third … day and the last."""


def by_day(name: str, days: Sequence[date], values: Floats) -> Series:
    """A series by day, without the days on which it has no value."""
    kept = [(str(day), float(v)) for day, v in zip(days, values, strict=True) if math.isfinite(v)]
    step = -(-len(kept) // _POINTS) or 1
    kept = kept[::-1][::step][::-1]
    return Series(name, tuple(day for day, _ in kept), tuple(value for _, value in kept))


def line_chart(
    title: str, series: Sequence[Series], unit: str, method: str, simulated: bool
) -> ChartCard:
    """A line chart whose title begins with a capital."""
    title = title[:1].upper() + title[1:]
    return ChartCard(title, "line", tuple(series), unit, method, simulated)
