"""A matrix of figures coloured from one end of a scale to the other, each written in its cell."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from desktop.safetext import one_line
from desktop.theme import theme
from desktop.widgets.painted import Painted
from engine.core.cards import Series

_ROW_HEIGHT = 30
_MOST_CELL = 96.0
_HEAD = 26


class Heatmap(Painted):
    """Rows are series, columns their x; colours run from the least through none to the most."""

    def __init__(self, series: Sequence[Series], unit: str) -> None:
        self._series = series
        self._unit = unit
        self._columns = series[0].x if series else ()
        values = [abs(y) for one in series for y in one.y]
        self._scale = max(values, default=1.0) or 1.0
        super().__init__()

    def sizeHint(self) -> QSize:
        return QSize(480, _HEAD + _ROW_HEIGHT * len(self._series) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.small_font())
        painter.setPen(QColor(theme().tokens.muted))
        left, width = self._left(), self._cell()
        centre = Qt.AlignmentFlag.AlignCenter
        for number, name in enumerate(self._columns):
            place = QRectF(left + number * width, 0, width, _HEAD)
            painter.drawText(place, centre, one_line(name, 10))
        for row, one in enumerate(self._series):
            top = _HEAD + row * _ROW_HEIGHT
            painter.setPen(QColor(theme().tokens.muted))
            side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(0, top, left - 10, _ROW_HEIGHT), side, one_line(one.name, 16))
            for number, value in enumerate(one.y):
                cell = QRectF(left + number * width + 1, top + 1, width - 2, _ROW_HEIGHT - 2)
                self._paint_cell(painter, cell, value)

    def _paint_cell(self, painter: QPainter, cell: QRectF, value: float) -> None:
        tokens = theme().tokens
        fill = QColor(tokens.accent if value >= 0 else tokens.negative)
        strength = min(1.0, abs(value) / self._scale)
        fill.setAlphaF(0.08 + 0.72 * strength)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(cell, 4, 4)
        painter.setPen(QColor(tokens.on_accent if strength > 0.75 else tokens.text))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{value:.2f}")

    def told(self, x: int, y: int) -> str:
        """What the cell under a place says, or ""."""
        row, number = (y - _HEAD) // _ROW_HEIGHT, int((x - self._left()) // self._cell())
        if not (0 <= row < len(self._series) and 0 <= number < len(self._columns)):
            return ""
        one = self._series[row]
        return f"{one.name} – {self._columns[number]}: {one.y[number]:.2f} {self._unit}".strip()

    def _left(self) -> float:
        names = [one_line(one.name, 16) for one in self._series]
        return 18.0 + max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)

    def _cell(self) -> float:
        room = self.width() - self._left()
        return min(_MOST_CELL, room / max(1, len(self._columns)))
