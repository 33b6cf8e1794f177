"""What charts drawn by pyqtgraph have in common: two axes, the colours of the theme, no mouse."""

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QWheelEvent

from desktop.theme import follow_theme, theme
from desktop.widgets.axes import ValueAxis, dress

pg.setConfigOptions(antialias=True)

_WIDTH = 320
_GRID_ALPHA = 46


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """An empty chart; draw_series() of a subclass fills it, again whenever the theme changes."""

    def __init__(self, unit: str, bottom: pg.AxisItem, height: int) -> None:
        """unit: of the left axis. height: the one it would like to have, in pixels."""
        super().__init__()
        self._height = height
        self._axes = (ValueAxis("left", unit), bottom)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._arrange(*self._axes)
        follow_theme(self, self._draw)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, self._height)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the page."""
        event.ignore()

    def draw_series(self, box: pg.ViewBox) -> None:
        """Add what shows the series to the box."""
        raise NotImplementedError

    def axis_font(self) -> QFont:
        """The font of all words in the chart."""
        font = QFont(self.font())
        font.setPixelSize(theme().sizes.small - 1)
        return font

    def _arrange(self, left: pg.AxisItem, bottom: pg.AxisItem) -> None:
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        cells = pg.GraphicsLayout()
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setSpacing(0)
        cells.addItem(left, 0, 0)
        cells.addItem(self._box, 0, 1)
        cells.addItem(bottom, 1, 1)
        self.setCentralItem(cells)
        left.linkToView(self._box)
        bottom.linkToView(self._box)
        left.setGrid(_GRID_ALPHA)
        # The lines of the grid lie below the curves.
        left.setZValue(-1)

    def _draw(self) -> None:
        self._box.clear()
        self.setBackground(theme().tokens.surface)
        font = self.axis_font()
        for axis in self._axes:
            dress(axis, font)
        self.draw_series(self._box)
