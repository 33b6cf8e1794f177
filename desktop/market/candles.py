"""Candles: open, high, low and close of each day, week or month."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop.theme import theme
from desktop.widgets.plot import Plot
from engine.core.cards import Series

_BODY = 0.7
"""Width of a body, as a part of the way from one candle to the next."""


class Candles(Plot):
    """One candle per point of four series: open, high, low and close."""

    def __init__(self, series: Sequence[Series], unit: str) -> None:
        self._prices = np.array([one.y for one in series], dtype=float)
        super().__init__("line", series, unit)

    def draw_series(self, box: pg.ViewBox) -> None:
        box.addItem(_Item(self.positions(), self._prices))


class _Item(pg.GraphicsObject):  # type: ignore[misc]
    """All candles of a chart, painted in one go; rises are hollow, so that colour is not all."""

    def __init__(self, x: np.ndarray, prices: np.ndarray) -> None:
        super().__init__()
        self._x, self._prices = x, prices
        step = float(np.diff(x).min()) if len(x) > 1 else 1.0
        self._half = step * _BODY / 2
        low, high = float(prices.min()), float(prices.max())
        # A flat price has a height too, so that there is something to see.
        spread = max(high - low, abs(high) * 1e-6)
        self._bounds = QRectF(x[0] - step, low, x[-1] - x[0] + 2 * step, spread)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        tokens = theme().tokens
        opens, highs, lows, closes = self._prices
        body_low, body_high = np.minimum(opens, closes), np.maximum(opens, closes)
        rising = closes >= opens
        for chosen, colour in ((rising, tokens.positive), (~rising, tokens.negative)):
            painter.setPen(pg.mkPen(colour, width=1))
            painter.setBrush(pg.mkBrush(tokens.surface if chosen is rising else colour))
            wicks, bodies = [], []
            for place in np.flatnonzero(chosen):
                x, low, high = self._x[place], body_low[place], body_high[place]
                wicks.append(QLineF(x, lows[place], x, low))
                wicks.append(QLineF(x, high, x, highs[place]))
                bodies.append(QRectF(x - self._half, low, 2 * self._half, high - low))
            painter.drawLines(wicks)
            painter.drawRects(bodies)
