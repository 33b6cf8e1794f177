"""Live plots: a figure over the steps of one run, or of several to compare them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QWidget

from desktop.safetext import label
from desktop.theme import theme
from desktop.widgets.axes import ValueAxis
from desktop.widgets.canvas import Canvas
from desktop.widgets.donut import colour
from desktop.widgets.figures import short
from desktop.widgets.layout import column, row

_HEIGHT = 190
_DOT = 7


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot."""

    name: str
    steps: tuple[float, ...]
    values: tuple[float, ...]


class Curves(Canvas):
    """The lines of one figure, in the colours of the legend."""

    def __init__(self) -> None:
        self.curves: tuple[Curve, ...] = ()
        super().__init__("", ValueAxis("bottom", ""), _HEIGHT)
        self.setFixedHeight(_HEIGHT)

    def show_curves(self, curves: Sequence[Curve], after: int = 0) -> None:
        """Draw other lines, if they are others, after so many milliseconds."""
        if tuple(curves) != self.curves:
            self.curves = tuple(curves)
            if after:
                QTimer.singleShot(after, self, self._draw)
            else:
                self._draw()

    def draw_series(self, box: pg.ViewBox) -> None:
        """A line for each curve; a dot where there is one point so far."""
        for number, one in enumerate(self.curves):
            places, tint = (np.array(one.steps), np.array(one.values)), colour(number)
            if not one.steps:
                continue
            pen = pg.mkPen(tint, width=self.devicePixelRatioF())
            box.addItem(pg.PlotCurveItem(*places, pen=pen))
            if len(one.steps) == 1:
                dot = pg.ScatterPlotItem(*places, size=_DOT, pen=None, brush=pg.mkBrush(tint))
                box.addItem(dot)
        box.setBorder(pg.mkPen(theme().tokens.border))


class Plot(QWidget):
    """A titled plot with the newest value beside its title."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._now = label("", "small")
        self.canvas = Curves()
        self.canvas.setAccessibleName(title)
        head = row(label(title, "strong"), None, self._now)
        self.setLayout(column(head, self.canvas, gap=4))

    def show_curves(self, curves: Sequence[Curve], now: str, after: int = 0) -> None:
        """Show lines, and the newest value in words; hidden where there is none.

        after: milliseconds until they are drawn.
        """
        self.setVisible(any(one.steps for one in curves))
        self._now.setText(now)
        self.canvas.show_curves(curves, after)
        words = QCoreApplication.translate("training", "{name}: from {first} to {last}.")
        told = [
            words.format(
                name=one.name, first=short(one.values[0], ""), last=short(one.values[-1], "")
            )
            for one in curves
            if one.values
        ]
        self.canvas.setAccessibleDescription(" ".join(told))
