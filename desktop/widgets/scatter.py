"""Points and curves over two measured axes, such as return over volatility."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg

from desktop.safetext import one_line
from desktop.theme import theme
from desktop.widgets.axes import ValueAxis
from desktop.widgets.canvas import Canvas
from desktop.widgets.donut import colour
from engine.core.cards import Series

Anchor = tuple[float, float]

_HEIGHT = 260
_DOT = 9
_PADDING = 0.09
_RIGHT, _LEFT, _ABOVE = (-0.08, 0.5), (1.08, 0.5), (-0.04, 1.0)
"""Where a name stands beside its dot, as anchors of pyqtgraph."""
_NEAR_X, _NEAR_Y = 0.16, 0.05
"""Parts of the extent within which names side by side would touch."""


class Scatter(Canvas):
    """A series of several points is a curve, one of a single point a dot with its name."""

    def __init__(self, series: Sequence[Series], unit: str, x_unit: str) -> None:
        self._series = [one for one in series if one.y]
        super().__init__(unit, ValueAxis("bottom", x_unit), _HEIGHT)
        self._box.setDefaultPadding(_PADDING)

    def draw_series(self, box: pg.ViewBox) -> None:
        """Curves first to last, each dot with its name beside it."""
        points = [np.array([[float(x) for x in one.x], one.y]).T for one in self._series]
        extent = np.ptp(np.concatenate(points), axis=0) if points else np.zeros(2)
        for number, (one, places) in enumerate(zip(self._series, points, strict=True)):
            if len(places) > 1:
                pen = pg.mkPen(colour(number), width=2 * self.devicePixelRatioF())
                box.addItem(pg.PlotCurveItem(*places.T, pen=pen))
            else:
                brush = pg.mkBrush(colour(number))
                dot = pg.ScatterPlotItem(*places.T, size=_DOT, pen=pg.mkPen(None), brush=brush)
                box.addItem(dot)
                anchor = name_anchor(places[0], points[:number], extent)
                self._name(box, one.name, places[0], anchor)

    def _name(self, box: pg.ViewBox, name: str, place: np.ndarray, anchor: Anchor) -> None:
        words = pg.TextItem(one_line(name, 20), color=theme().tokens.text, anchor=anchor)
        words.setFont(self.axis_font())
        words.setPos(*place)
        box.addItem(words, ignoreBounds=True)


def name_anchor(place: np.ndarray, others: Sequence[np.ndarray], extent: np.ndarray) -> Anchor:
    """On which side of a dot its name is clear of the curve it is on and of a dot close by."""
    if any(len(one) > 1 and (one == place).all(axis=1).any() for one in others):
        return _ABOVE
    near = np.array([_NEAR_X, _NEAR_Y]) * extent
    dots = [one[0] for one in others if len(one) == 1]
    return _LEFT if any((np.abs(dot - place) < near).all() for dot in dots) else _RIGHT
