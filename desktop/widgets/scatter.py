"""Points and curves over two measured axes, such as return over volatility."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QWheelEvent

from desktop.safetext import one_line
from desktop.theme import follow_theme, theme
from desktop.widgets.axes import ValueAxis, dress
from desktop.widgets.donut import colour
from desktop.widgets.figures import short
from engine.core.cards import Series

_GRID_ALPHA = 46
_DOT = 9


class MeasuredAxis(pg.AxisItem):  # type: ignore[misc]
    """The bottom axis: short figures with their unit."""

    def __init__(self, unit: str) -> None:
        super().__init__("bottom")
        self._unit = unit

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [short(value * scale, self._unit) for value in values]

    def tickValues(
        self, minimum: float, maximum: float, size: float
    ) -> list[tuple[float, list[float]]]:
        """Few figures: the coarse ones only."""
        levels: list[tuple[float, list[float]]] = super().tickValues(minimum, maximum, size)
        return levels[:1]


class Scatter(pg.GraphicsView):  # type: ignore[misc]
    """A series of several points is a curve, one of a single point a dot with its name."""

    def __init__(self, series: Sequence[Series], unit: str, x_unit: str) -> None:
        super().__init__()
        self._series = [one for one in series if one.y]
        self._left = ValueAxis(unit)
        self._bottom = MeasuredAxis(x_unit)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._arrange()
        follow_theme(self, self._draw)

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the page."""
        event.ignore()

    def _arrange(self) -> None:
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        cells = pg.GraphicsLayout()
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setSpacing(0)
        cells.addItem(self._left, 0, 0)
        cells.addItem(self._box, 0, 1)
        cells.addItem(self._bottom, 1, 1)
        self.setCentralItem(cells)
        self._left.linkToView(self._box)
        self._bottom.linkToView(self._box)
        self._left.setGrid(_GRID_ALPHA)
        self._left.setZValue(-1)
        self._box.setDefaultPadding(0.09)

    def _draw(self) -> None:
        self._box.clear()
        self.setBackground(theme().tokens.surface)
        font = QFont(self.font())
        font.setPixelSize(theme().sizes.small - 1)
        for axis in (self._left, self._bottom):
            dress(axis, font)
        for number, one in enumerate(self._series):
            x = np.array([float(text) for text in one.x])
            y = np.array(one.y)
            if len(x) > 1:
                pen = pg.mkPen(colour(number), width=2 * self.devicePixelRatioF())
                self._box.addItem(pg.PlotCurveItem(x, y, pen=pen))
            else:
                self._dot(number, one.name, float(x[0]), float(y[0]), font)

    def _dot(self, number: int, name: str, x: float, y: float, font: QFont) -> None:
        brush = pg.mkBrush(colour(number))
        self._box.addItem(pg.ScatterPlotItem([x], [y], size=_DOT, pen=pg.mkPen(None), brush=brush))
        words = pg.TextItem(one_line(name, 20), color=theme().tokens.text, anchor=(-0.08, 0.5))
        words.setFont(font)
        words.setPos(x, y)
        self._box.addItem(words, ignoreBounds=True)
