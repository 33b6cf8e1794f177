"""What is doubtful about a stored price series: gaps, outliers, impossible candles, age.

Outliers: r = ln(close / close before), taken per square root of the days between the two. Their
spread is 1.4826 × the median of |r - median(r)| (MAD), which outliers hardly move; where over half
of the days do not move at all, 1.2533 × the mean of it (Iglewicz & Hoaglin 1993). A day is a spike
if r is over SPIKE_K spreads, and the next r takes back between half and twice of it: then the row
may be wrong. It is a jump if r is over JUMP_K spreads and stays: a real crash, or a change of unit.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median
from typing import Literal

from engine.core.money import format_amount, format_percent
from engine.core.records import MAX_PRICE_AGE, PricePoint

SPIKE_K = 8.0
JUMP_K = 12.0
RETURNED = 0.5
MIN_RETURNS = 20
LEAST_SPREAD = 0.0005
"""The spread of a price that is pegged, so that not every cent of it is an outlier."""
MIN_SILENT_DAYS = 3

FindingKind = Literal["gap", "spike", "jump", "candle", "no volume", "stale"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt: the day it is about, what it is, and the stored row to look at."""

    kind: FindingKind
    day: date
    text: str
    row: PricePoint


@dataclass(frozen=True, slots=True)
class Quality:
    """The report on one series of at least one row; findings by day.

    missing: days without a row between the first and the last. longest_gap: the most such days
    in a row. spread: that of the daily log returns, None with fewer than MIN_RETURNS, where
    outliers are not looked for.
    """

    first: date
    last: date
    count: int
    missing: int
    longest_gap: int
    spread: float | None
    findings: tuple[Finding, ...]


def examine(points: Sequence[PricePoint], today: date) -> Quality:
    """Look through one series; points by day, one per day, at least one."""
    gaps = list(_gaps(points))
    returns = _returns(points)
    spread = _spread(returns) if len(returns) >= MIN_RETURNS else None
    findings = [
        *(_gap_finding(row, days) for row, days in gaps),
        *(_outliers(points, returns, spread) if spread is not None else ()),
        *_candles(points),
        *_silences(points),
        *_stale(points[-1], today),
    ]
    return Quality(
        first=points[0].day,
        last=points[-1].day,
        count=len(points),
        missing=sum(days for _, days in gaps),
        longest_gap=max((days for _, days in gaps), default=0),
        spread=spread,
        findings=tuple(sorted(findings, key=lambda finding: finding.day)),
    )


def _gaps(points: Sequence[PricePoint]) -> Iterator[tuple[PricePoint, int]]:
    """The row before each gap, and how many days are missing after it."""
    for before, after in itertools.pairwise(points):
        days = (after.day - before.day).days - 1
        if days:
            yield before, days


def _gap_finding(row: PricePoint, days: int) -> Finding:
    first = row.day + timedelta(1)
    text = "no price" if days == 1 else f"no price for {days:,} days"
    return Finding("gap", first, text, row)


def _returns(points: Sequence[PricePoint]) -> list[float]:
    """Log returns, each per square root of its days."""
    logs = [math.log(point.close) for point in points]
    return [
        (later - earlier) / math.sqrt((after.day - before.day).days)
        for (earlier, later), (before, after) in zip(
            itertools.pairwise(logs), itertools.pairwise(points), strict=True
        )
    ]


def _spread(returns: Sequence[float]) -> float:
    middle = median(returns)
    off = [abs(value - middle) for value in returns]
    return max(1.4826 * median(off) or 1.2533 * fmean(off), LEAST_SPREAD)


def _outliers(
    points: Sequence[PricePoint], returns: Sequence[float], spread: float
) -> Iterator[Finding]:
    after_spike = False
    for number, move in enumerate(returns):
        if after_spike:  # its way back is no finding of its own
            after_spike = False
            continue
        size = abs(move) / spread
        back = -returns[number + 1] / move if move and number + 1 < len(returns) else 0.0
        row, before = points[number + 1], points[number]
        if size > SPIKE_K and RETURNED <= back <= 1 / RETURNED:
            after_spike = True
            yield Finding("spike", row.day, _move(row, before, size) + " and back", row)
        elif size > JUMP_K:
            yield Finding("jump", row.day, _move(row, before, size), row)


def _move(row: PricePoint, before: PricePoint, size: float) -> str:
    change = format_percent(row.close / before.close - 1, 1, sign=True)
    return f"{change} to {format_amount(row.close)}, {size:.0f} spreads"


def _candles(points: Sequence[PricePoint]) -> Iterator[Finding]:
    for row in points:
        high, low = row.high, row.low
        if high is not None and low is not None and high < low:
            text = f"high {format_amount(high)} below low {format_amount(low)}"
            yield Finding("candle", row.day, text, row)
            continue
        for name, price in (("open", row.open), ("close", row.close)):
            if price is not None and high is not None and price > high:
                text = f"{name} {format_amount(price)} above high {format_amount(high)}"
                yield Finding("candle", row.day, text, row)
            if price is not None and low is not None and price < low:
                text = f"{name} {format_amount(price)} below low {format_amount(low)}"
                yield Finding("candle", row.day, text, row)


def _silences(points: Sequence[PricePoint]) -> Iterator[Finding]:
    """Runs of rows with a volume of zero."""
    for silent, group in itertools.groupby(points, lambda point: point.volume == 0):
        rows = list(group)
        if silent and len(rows) >= MIN_SILENT_DAYS:
            yield Finding("no volume", rows[0].day, f"nothing traded, {len(rows):,} rows", rows[0])


def _stale(last: PricePoint, today: date) -> Iterator[Finding]:
    age = (today - last.day).days
    if today - last.day > MAX_PRICE_AGE:
        yield Finding("stale", last.day, f"the last price is {age:,} days old", last)
