"""Charts that several analyses draw."""

import math
from collections.abc import Iterator, Sequence
from datetime import date

from engine.core.cards import ChartCard, Series
from engine.core.words import capitalised
from engine.ledger.pricing import Floats

_POINTS = 4_000
"""Eleven years by day. Of longer series a chart keeps what its highs, lows and ends rest on."""


def by_day(name: str, days: Sequence[date], values: Floats) -> Series:
    """A series by day, without the days on which it has no value."""
    # Adding zero makes a plain zero of minus zero.
    kept = [(str(day), float(v) + 0.0) for day, v in zip(days, values, strict=True)
            if math.isfinite(v)]  # fmt: skip
    return Series(name, tuple(day for day, _ in kept), tuple(value for _, value in kept))


def line_chart(
    title: str, series: Sequence[Series], unit: str, method: str, simulated: bool
) -> ChartCard:
    """A line chart whose title begins with a capital."""
    shown = tuple(thinned(series, _POINTS))
    return ChartCard(capitalised(title), "line", shown, unit, method, simulated)


def thinned(series: Sequence[Series], most: int) -> Sequence[Series]:
    """The series with about `most` points each where they have more, all on the same days.

    The first point stays, the last, and the lowest and the highest of each of equal parts.
    """
    if all(len(one.x) <= most for one in series):
        return series
    kept = {one.x[place] for one in series for place in _telling(one.y, most)}
    return [
        Series(one.name, *zip(*((x, y) for x, y in zip(one.x, one.y, strict=True) if x in kept),
                              strict=True))
        for one in series
    ]  # fmt: skip


def _telling(values: Sequence[float], most: int) -> Iterator[int]:
    """The places of the points that stay."""
    count = len(values)
    if count <= most:
        yield from range(count)
        return
    yield from (0, count - 1)
    parts = max(1, most // 2 - 1)
    for part in range(parts):
        places = range(part * count // parts, (part + 1) * count // parts)
        yield min(places, key=values.__getitem__)
        yield max(places, key=values.__getitem__)
