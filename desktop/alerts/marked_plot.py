"""A price over time with a dot on every day on which an alert would have fired."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from desktop.theme import theme
from desktop.widgets.plot import Plot
from engine.core.cards import Series

_DOT = 9


class MarkedPlot(Plot):
    """marked: ISO days of the series; levels: prices to draw as dashed lines."""

    def __init__(
        self, series: Series, unit: str, marked: Sequence[str], levels: Sequence[float]
    ) -> None:
        self._marked = frozenset(marked)
        self._levels = levels
        super().__init__("line", (series,), unit)

    def draw_series(self, box: pg.ViewBox) -> None:
        super().draw_series(box)
        tokens = theme().tokens
        width = self.devicePixelRatioF()
        pen = pg.mkPen(tokens.faint, width=width, style=Qt.PenStyle.DashLine)
        for level in self._levels:
            box.addItem(pg.InfiniteLine(level, angle=0, pen=pen), ignoreBounds=True)
        (series,) = self._series
        here = np.array([day in self._marked for day in series.x])
        if here.any():
            x, y = self.positions()[here], np.array(series.y)[here]
            brush, edge = pg.mkBrush(tokens.negative), pg.mkPen(tokens.surface, width=1.5 * width)
            box.addItem(pg.ScatterPlotItem(x, y, size=_DOT, pen=edge, brush=brush))
