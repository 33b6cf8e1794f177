"""Line and bar charts drawn by pyqtgraph in the colours of the theme."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient

from desktop.safetext import label, one_line
from desktop.theme import theme
from desktop.widgets.axes import LabelAxis
from desktop.widgets.canvas import Canvas
from desktop.widgets.donut import colour
from desktop.widgets.figures import as_day, day_text, full
from engine.core.cards import Series

_HEIGHT = 220


class Plot(Canvas):
    """One chart; the pointer reads a value off it.

    compared: the first line is what it is about, the others are dashed lines to compare it with.
    """

    def __init__(
        self, kind: str, series: Sequence[Series], unit: str, *, compared: bool = False
    ) -> None:
        self._compared = compared
        self._series = [one for one in series if one.y]
        self._unit = unit
        labels = self._series[0].x if self._series else ()
        days = [as_day(text) for text in labels]
        self._days = [day for day in days if day is not None]
        if len(self._days) != len(labels) or kind == "bar":
            self._days = []
        self._kind = kind
        self._line = pg.InfiniteLine(angle=90, movable=False)
        super().__init__(unit, LabelAxis(labels, self._days), _HEIGHT)
        self._reading = label("", "small")
        self._reading.setParent(self)
        self._reading.hide()
        self.scene().sigMouseMoved.connect(self._read)

    def positions(self) -> np.ndarray:
        """Where the points stand on the bottom axis."""
        if self._days:
            return np.array([day.toordinal() for day in self._days], dtype=float)
        return np.arange(len(self._series[0].x) if self._series else 0, dtype=float)

    def leaveEvent(self, event: QEvent) -> None:
        self._line.hide()
        self._reading.hide()
        super().leaveEvent(event)

    def _draw(self) -> None:
        super()._draw()
        self._line.setPen(pg.mkPen(theme().tokens.strong_border, width=1))
        self._line.hide()
        self._box.addItem(self._line, ignoreBounds=True)

    def draw_series(self, box: pg.ViewBox) -> None:
        """Add what shows the series to the box."""
        for number, one in enumerate(self._series):
            if self._kind == "bar":
                self._bars(number, one)
            else:
                self._curve(number, one)

    def _curve(self, number: int, one: Series) -> None:
        tint = QColor(colour(number))
        # pyqtgraph counts the width of a line in pixels of the screen.
        width = 2 * self.devicePixelRatioF()
        pen = pg.mkPen(tint, width=width)
        if self._compared and number:
            pen = pg.mkPen(tint, width=0.75 * width, style=Qt.PenStyle.DashLine)
        curve = pg.PlotCurveItem(self.positions(), np.array(one.y), pen=pen)
        if len(self._series) == 1 or (self._compared and not number):
            ground = min(min(each.y) for each in self._series)
            fade = QLinearGradient(0, ground, 0, max(one.y))
            for place, alpha in ((0.0, 0.0), (1.0, 0.2)):
                tint.setAlphaF(alpha)
                fade.setColorAt(place, tint)
            curve.setFillLevel(ground)
            curve.setBrush(QBrush(fade))
        self._box.addItem(curve)

    def _bars(self, number: int, one: Series) -> None:
        width = 0.5 / len(self._series)
        shift = (number - (len(self._series) - 1) / 2) * width
        tint = QColor(colour(number))
        brushes = [pg.mkBrush(theme().tokens.negative if y < 0 else tint) for y in one.y]
        self._box.addItem(
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
        x = self._box.mapSceneToView(place).x()
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
