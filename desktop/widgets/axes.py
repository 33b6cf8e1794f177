"""The axes of a chart: few ticks, short figures, days named at month borders."""

from collections.abc import Sequence
from datetime import date

import pyqtgraph as pg
from PySide6.QtGui import QFont

from desktop.safetext import one_line
from desktop.theme import theme
from desktop.widgets.figures import short, tiny

_TINY_STEP = 1e-4


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """A measured axis: short figures with their unit."""

    def __init__(self, side: str, unit: str) -> None:
        """side: "left" or "bottom"."""
        super().__init__(side)
        self._unit = unit

    def tickValues(
        self, minimum: float, maximum: float, size: float
    ) -> list[tuple[float, list[float]]]:
        """Few of them: the coarse ones only."""
        levels: list[tuple[float, list[float]]] = super().tickValues(minimum, maximum, size)
        return levels[:1]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        step = spacing * scale
        if 0 < step < _TINY_STEP:
            return [tiny(value * scale, self._unit, step) for value in values]
        return [short(value * scale, self._unit) for value in values]


class LabelAxis(pg.AxisItem):  # type: ignore[misc]
    """The bottom axis: days at month or year borders, or plain labels."""

    def __init__(self, labels: Sequence[str], days: Sequence[date]) -> None:
        super().__init__("bottom")
        self._labels = [] if days else [one_line(text, 14) for text in labels]
        self._days = days

    def tickValues(
        self, minimum: float, maximum: float, size: float
    ) -> list[tuple[float, list[float]]]:
        room = max(2, int(size // 84))
        if not self._days:
            step = max(1, -(-len(self._labels) // room))
            return [(step, [float(i) for i in range(0, len(self._labels), step)])]
        return [(1.0, [float(day.toordinal()) for day in day_ticks(self._days, room)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not self._days:
            return [self._labels[round(value)] for value in values]
        long = (self._days[-1] - self._days[0]).days > 85
        days = [date.fromordinal(round(value)) for value in values]
        return [f"{day:%b %Y}" if long else f"{day.day} {day:%b}" for day in days]


def day_ticks(days: Sequence[date], room: int) -> list[date]:
    """At most `room` days to name on an axis: first days of months if the span is long enough."""
    first, last = days[0], days[-1]
    if (last - first).days <= 85:
        step = max(1, -(-((last - first).days + 1) // room))
        return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1, step)]
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    ticks = [date(month // 12, month % 12 + 1, 1) for month in months]
    for every in (1, 2, 3, 6, 12, 24, 60, 120):
        chosen = [day for day in ticks if (day.year * 12 + day.month - 1) % every == 0]
        if len(chosen) <= room:
            return chosen
    return []


def dress(axis: pg.AxisItem, font: QFont) -> None:
    """Give an axis the colours of the theme: words only, no line and no tick marks."""
    axis.setStyle(tickLength=0)
    if not axis.grid:
        axis.setStyle(tickAlpha=0)
    axis.setTickFont(font)
    axis.setTextPen(theme().tokens.muted)
    axis.setPen(pg.mkPen(None))
    axis.setTickPen(pg.mkPen(theme().tokens.muted))
