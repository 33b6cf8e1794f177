"""The data that alerts are worked out from: one row per series and UTC day, on a common calendar.

A series is a price, a weight, a yield, a health factor or a scorecard's red flags. The row of the
running day changes until the day is over; a day without a row is NaN.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.records import SIMULATED, PricePoint

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Topic = Literal["price", "weight", "yield", "health", "flags"]


class SeriesId(NamedTuple):
    """What a series is about; the name of a price is "BTC/USD"."""

    topic: Topic
    name: str

    def __str__(self) -> str:
        return f"{self.topic} {self.name}"


def price_of(asset: str, currency: str) -> SeriesId:
    """The series of an asset's price."""
    return SeriesId("price", f"{asset}/{currency}")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one series; days are proleptic ordinals, high and low NaN where not known.

    Prices are in their currency; weights are fractions; notes say more about a day; simulated are
    the days of which the demo made the row.
    """

    series: SeriesId
    days: Ints
    close: Floats
    high: Floats
    low: Floats
    notes: Mapping[int, str] = field(default_factory=dict)
    simulated: frozenset[int] = frozenset()


def price_rows(points: Sequence[PricePoint]) -> Rows:
    """The rows of the points of one asset in one currency, of which there must be one at least."""
    nan = float("nan")
    return Rows(
        price_of(points[0].asset, points[0].currency),
        _ordinals([point.day for point in points]),
        np.array([float(point.close) for point in points]),
        np.array([nan if point.high is None else float(point.high) for point in points]),
        np.array([nan if point.low is None else float(point.low) for point in points]),
        simulated=frozenset(one.day.toordinal() for one in points if one.source == SIMULATED),
    )


def value_rows(series: SeriesId, days: Sequence[date], values: Sequence[float]) -> Rows:
    """Rows of a series that has one value a day."""
    one = np.array(values, dtype=np.float64)
    return Rows(series, _ordinals(days), one, one, one)


def flag_rows(token: str, cards: Sequence[tuple[date, frozenset[str]]]) -> Rows:
    """Rows of a token's scorecards, oldest first: how many red flags each has that the one before
    has not."""
    before: frozenset[str] = frozenset()
    counts: list[float] = []
    notes: dict[int, str] = {}
    for day, flags in cards:
        new = sorted(flags - before)
        counts.append(len(new))
        if new:
            notes[day.toordinal()] = ", ".join(new)
        before = flags
    plain = value_rows(SeriesId("flags", token), [day for day, _ in cards], counts)
    return Rows(plain.series, plain.days, plain.close, plain.high, plain.low, notes)


class Panel:
    """All series on one calendar; arrays are (days, series), day 0 is `start`.

    present: is there a row. simulated: is it the demo's. last: the day of the last row so far, -1
    before the first. notes: by series and ordinal. Only put() changes it; what reads it meanwhile
    must be the same thread.
    """

    def __init__(self, start: date, series: Sequence[SeriesId]) -> None:
        """An empty one that begins on a day."""
        self.start = start
        self.series = tuple(series)
        self.columns = {one: index for index, one in enumerate(self.series)}
        shape = (0, len(self.series))
        self.close, self.high, self.low = (np.empty(shape) for _ in range(3))
        self.present, self.simulated = (np.empty(shape, np.bool_) for _ in range(2))
        self.last = np.empty(shape, np.int32)
        self.notes: dict[tuple[SeriesId, int], str] = {}
        self.version = 0
        # (version, first day that it changed), both ascending: a later version that changed an
        # earlier day hides those before it.
        self._changes: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """The number of days."""
        return len(self.close)

    def date_of(self, day: int) -> date:
        """The date of a day of the calendar."""
        return date.fromordinal(self.start.toordinal() + day)

    def changed_since(self, version: int) -> int:
        """The first day that differs from what a version had; len() if none."""
        at = bisect.bisect_right(self._changes, version, key=lambda change: change[0])
        return self._changes[at][1] if at < len(self._changes) else len(self)

    def put(self, rows: Sequence[Rows], today: date) -> None:
        """Put rows in, over those of the same days, and let the calendar reach to today.

        Does nothing, and raises ValueError, if a row is before `start` or of a series that the
        panel has not.
        """
        first = self.start.toordinal()
        for one in rows:
            if one.series not in self.columns or (len(one.days) and one.days.min() < first):
                raise ValueError(f"no place for these rows of {one.series}")
        before = len(self)
        self._grow(max([today.toordinal() + 1, *(_end(one) for one in rows)]) - first)
        changed = min(before, self._put(rows)) if rows else before
        if changed < len(self):
            self._note_change(changed)

    def _grow(self, days: int) -> None:
        more = days - len(self)
        if more <= 0:
            return
        empty = np.full((more, len(self.series)), np.nan)
        self.close, self.high, self.low = (
            np.concatenate([array, empty]) for array in (self.close, self.high, self.low)
        )
        none = np.zeros(empty.shape, np.bool_)
        self.present = np.concatenate([self.present, none])
        self.simulated = np.concatenate([self.simulated, none])
        self.last = np.concatenate([self.last, np.zeros(empty.shape, np.int32)])

    def _put(self, rows: Sequence[Rows]) -> int:
        """The first day that is different now. Extremes always include the close; a close that is
        no number is no row."""
        at = np.concatenate([one.days for one in rows]) - self.start.toordinal()
        column = np.repeat([self.columns[one.series] for one in rows], [len(r.days) for r in rows])
        close, high, low = (
            np.where(np.isfinite(values), values, np.nan)
            for values in (
                np.concatenate([one.close for one in rows]),
                np.concatenate([one.high for one in rows]),
                np.concatenate([one.low for one in rows]),
            )
        )
        missing = np.isnan(close)
        different = np.zeros(len(at), np.bool_)
        for array, values in (
            (self.close, close),
            (self.high, np.fmax(high, close)),
            (self.low, np.fmin(low, close)),
        ):
            new = np.where(missing, np.nan, values)
            old = array[at, column]
            different |= (old != new) & ~(np.isnan(old) & np.isnan(new))
            array[at, column] = new
        self.present[at, column] = ~missing
        simulated = np.concatenate([_simulated(one) for one in rows])
        different |= self.simulated[at, column] != simulated
        self.simulated[at, column] = simulated
        for one in rows:
            if self.notes:
                for day in one.days.tolist():
                    self.notes.pop((one.series, day), None)
            self.notes.update({(one.series, day): text for day, text in one.notes.items()})
        return int(at[different].min()) if different.any() else len(self)

    def _note_change(self, day: int) -> None:
        self.version += 1
        while self._changes and self._changes[-1][1] >= day:
            self._changes.pop()
        self._changes.append((self.version, day))
        marks = np.where(
            self.present[day:], np.arange(day, len(self), dtype=np.int32)[:, None], np.int32(-1)
        )
        if day:
            marks[0] = np.maximum(marks[0], self.last[day - 1])
        self.last[day:] = np.maximum.accumulate(marks, axis=0)


def build_panel(rows: Sequence[Rows], today: date) -> Panel:
    """The panel of all rows, up to today or the last row, whichever is later."""
    start = min([today.toordinal(), *(int(one.days.min()) for one in rows if len(one.days))])
    panel = Panel(date.fromordinal(start), tuple(dict.fromkeys(one.series for one in rows)))
    panel.put(rows, today)
    return panel


def _ordinals(days: Sequence[date]) -> Ints:
    return np.array([day.toordinal() for day in days], dtype=np.int64)


def _simulated(rows: Rows) -> Bools:
    if not rows.simulated:
        return np.zeros(len(rows.days), np.bool_)
    return np.isin(rows.days, list(rows.simulated))


def _end(rows: Rows) -> int:
    return int(rows.days.max()) + 1 if len(rows.days) else 0
