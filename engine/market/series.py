"""Stored prices as series, kept in memory between questions."""

import bisect
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.records import FIAT, MANUAL, MAX_PRICE_AGE, PricePoint

Floats = NDArray[np.float64]

_PIVOTS = ("USD", "EUR")


class PriceSource(Protocol):
    """Where the prices are stored."""

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        """All points of one asset in one currency, the oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class _Series:
    points: Sequence[PricePoint]
    days: list[date]
    closes: Floats


class PriceBook:
    """Closes of any asset in any currency; safe to use from several threads.

    On a day without a stored close, a currency priced in another is given by the opposite close,
    and a coin by its close in dollars or euros and that rate. What the user has entered goes before
    an imported close even so.
    """

    def __init__(self, source: PriceSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str], _Series] = {}
        self._age = 0

    def forget(self) -> None:
        """Drop what is in memory; to be called when stored prices have changed."""
        with self._lock:
            self._series = {}
            self._age += 1

    def quote(self, asset: str, currency: str, on: date) -> PricePoint | None:
        """The last close on or before a day, however old; None if there is none."""
        series = self._get(asset, currency)
        index = bisect.bisect_right(series.days, on)
        return series.points[index - 1] if index else None

    def price(self, asset: str, currency: str, on: date) -> Decimal | None:
        """The close to value something with: not older than MAX_PRICE_AGE, else None."""
        point = self.quote(asset, currency, on)
        return point.close if point and on - point.day <= MAX_PRICE_AGE else None

    def closes(
        self, asset: str, currency: str, start: date, end: date, *, base: bool = False
    ) -> tuple[list[date], Floats]:
        """The closes from start to end, both included; empty if there are none.

        base: put the last close before start first (if not older than MAX_PRICE_AGE), so that the
        first return is that of the first day.
        """
        series = self._get(asset, currency)
        first = bisect.bisect_left(series.days, start)
        last = bisect.bisect_right(series.days, end)
        if base and first and start - series.days[first - 1] <= MAX_PRICE_AGE:
            first -= 1
        return series.days[first:last], series.closes[first:last].copy()

    def span(self, asset: str, currency: str) -> tuple[date, date] | None:
        """The first and the last day with a close, or None."""
        days = self._get(asset, currency).days
        return (days[0], days[-1]) if days else None

    def points_since(self, asset: str, currency: str, day: date) -> Sequence[PricePoint]:
        """The points on and after a day, and the two before it."""
        series = self._get(asset, currency)
        return series.points[max(bisect.bisect_left(series.days, day) - 2, 0) :]

    def _get(self, asset: str, currency: str) -> _Series:
        key = (asset, currency)
        with self._lock:
            series, age = self._series.get(key), self._age
        if series is None:
            series = _as_series(self._load(asset, currency))
            with self._lock:
                # What was loaded before a change must not be kept after it.
                if age == self._age:
                    self._series[key] = series
        return series

    def _load(self, asset: str, currency: str) -> Sequence[PricePoint]:
        points = self._source.series(asset, currency)
        if currency not in FIAT:
            return points
        if asset in FIAT:
            return _filled(points, self._inverted(asset, currency))
        for pivot in _PIVOTS:
            if pivot != currency:
                points = _filled(points, self._converted(asset, pivot, currency))
        return points

    def _inverted(self, asset: str, currency: str) -> list[PricePoint]:
        """The rate of one currency in another from the opposite one."""
        return [
            PricePoint(asset, currency, point.day, 1 / point.close, source=point.source)
            for point in self._source.series(currency, asset)
        ]

    def _converted(self, asset: str, pivot: str, currency: str) -> list[PricePoint]:
        """The series in another currency times the rate, on the days that have one."""
        found = []
        for point in self._source.series(asset, pivot):
            rate = self.price(pivot, currency, point.day)
            if rate is not None:
                close = point.close * rate
                found.append(PricePoint(asset, currency, point.day, close, source=point.source))
        return found


def _filled(points: Sequence[PricePoint], others: Sequence[PricePoint]) -> Sequence[PricePoint]:
    """The points, and the others on days that have none or where only they are the user's own."""
    if not points or not others:
        return points or others
    merged = {point.day: point for point in points}
    for point in others:
        own = merged.get(point.day)
        if own is None or (point.source == MANUAL and own.source != MANUAL):
            merged[point.day] = point
    return sorted(merged.values(), key=lambda point: point.day)


def _as_series(points: Sequence[PricePoint]) -> _Series:
    return _Series(
        points,
        [point.day for point in points],
        np.array([float(point.close) for point in points], dtype=np.float64),
    )
