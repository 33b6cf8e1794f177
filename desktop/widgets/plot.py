"""Line and bar charts drawn by pyqtgraph in the colours of the theme."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QLinearGradient, QWheelEvent

from desktop.safetext import label, one_line
from desktop.theme import follow_theme, theme
from desktop.widgets.donut import colour
from desktop.widgets.figures import as_day, day_text, full, short
from engine.core.cards import Series

pg.setConfigOptions(antialias=True)


class ValueAxis(pg.AxisItem):
    """The left axis: short figures with their unit."""

    def __init__(self, unit: str) -> None:
        super().__init__("left")
        self._unit = unit

    def tickValues(
        self, minimum: float, maximum: float, size: float
    ) -> list[tuple[float, list[float]]]:
        """Few lines: the coarse ones only."""
        return super().tickValues(minimum, maximum, size)[:1]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [short(value * scale, self._unit) for value in values]


class LabelAxis(pg.AxisItem):
    """The bottom axis: days at month or year borders, or plain labels."""

    def __init__(self, labels: Sequence[str], days: Sequence[date]) -> None:
        super().__init__("bottom")
        self._labels = [one_line(text, 14) for text in labels]
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


class Plot(pg.PlotWidget):
    """One chart; the pointer reads a value off it."""

    def __init__(self, kind: str, series: Sequence[Series], unit: str) -> None:
        self._series = [one for one in series if one.y]
        self._unit = unit
        labels = self._series[0].x if self._series else ()
        days = [as_day(text) for text in labels]
        self._days = [day for day in days if day is not None]
        if len(self._days) != len(labels) or kind == "bar":
            self._days = []
        super().__init__(
            axisItems={"left": ValueAxis(unit), "bottom": LabelAxis(labels, self._days)},
            background=None,
        )
        self._kind = kind
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._reading = label("", "small")
        self._reading.setParent(self)
        self._reading.hide()
        self._prepare()
        follow_theme(self, self._draw)
        self.scene().sigMouseMoved.connect(self._read)

    def positions(self) -> np.ndarray:
        """Where the points stand on the bottom axis."""
        if self._days:
            return np.array([day.toordinal() for day in self._days], dtype=float)
        return np.arange(len(self._series[0].x) if self._series else 0, dtype=float)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the page."""
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._line.hide()
        self._reading.hide()
        super().leaveEvent(event)

    def _prepare(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        item = self.getPlotItem()
        item.getAxis("left").setStyle(tickLength=0)
        item.getAxis("bottom").setStyle(tickLength=0)
        item.showGrid(y=True, alpha=0.18)

    def _draw(self) -> None:
        tokens = theme().tokens
        self.clear()
        self.setBackground(tokens.surface)
        font = QFont(self.font())
        font.setPixelSize(theme().sizes.small - 1)
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setTickFont(font)
            axis.setTextPen(tokens.muted)
            axis.setPen(pg.mkPen(None))
            axis.setZValue(-1)
        self.getPlotItem().getAxis("left").setTickPen(pg.mkPen(tokens.muted))
        self.getPlotItem().getAxis("bottom").setTickPen(pg.mkPen(None))
        for number, one in enumerate(self._series):
            if self._kind == "bar":
                self._bars(number, one)
            else:
                self._curve(number, one)
        self._line.setPen(pg.mkPen(tokens.strong_border, width=1))
        self._line.hide()
        self.addItem(self._line, ignoreBounds=True)

    def _curve(self, number: int, one: Series) -> None:
        tint = QColor(colour(number))
        curve = pg.PlotDataItem(self.positions(), np.array(one.y), pen=pg.mkPen(tint, width=2))
        if len(self._series) == 1:
            fade = QLinearGradient(0, min(one.y), 0, max(one.y))
            for place, alpha in ((0.0, 0.0), (1.0, 0.2)):
                tint.setAlphaF(alpha)
                fade.setColorAt(place, tint)
            curve.setFillLevel(min(one.y))
            curve.setFillBrush(QBrush(fade))
        self.addItem(curve)

    def _bars(self, number: int, one: Series) -> None:
        width = 0.5 / len(self._series)
        shift = (number - (len(self._series) - 1) / 2) * width
        tint = QColor(colour(number))
        brushes = [pg.mkBrush(theme().tokens.negative if y < 0 else tint) for y in one.y]
        self.addItem(
            pg.BarGraphItem(
                x=self.positions() + shift,
                height=np.array(one.y),
                width=width * 0.9,
                brushes=brushes,
                pen=pg.mkPen(None),
            )
        )

    def _read(self, place: QPointF) -> None:
        """Show the values nearest to the pointer."""
        positions = self.positions()
        if not len(positions):
            return
        x = self.getPlotItem().vb.mapSceneToView(place).x()
        nearest = int(np.abs(positions - x).argmin())
        self._line.setPos(positions[nearest])
        self._line.show()
        name = self._series[0].x[nearest]
        day = as_day(name)
        texts = [day_text(day) if day else one_line(name)]
        for one in self._series:
            value = full(one.y[nearest], self._unit) if nearest < len(one.y) else "–"
            texts.append(value if len(self._series) == 1 else f"{one_line(one.name)} {value}")
        self._reading.setText("   ".join(texts))
        self._reading.adjustSize()
        self._reading.move(self.width() - self._reading.width() - 12, 2)
        self._reading.show()
