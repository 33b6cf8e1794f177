"""Bars lying on their side, each behind its whole name and before its figure."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent

from desktop.safetext import one_line
from desktop.theme import theme
from desktop.widgets.donut import colour
from desktop.widgets.figures import full
from desktop.widgets.painted import Painted
from engine.core.cards import Series

_ROW_HEIGHT = 32
_BAR_HEIGHT = 14
_GAP = 12
_MOST_OF_NAMES = 0.4
"""The part of the width that names may take before they are cut short."""


class LyingBars(Painted):
    """One row for each value of a series; bars below zero lie left of those above, if there are
    any, and all bars begin beside their names if not."""

    def __init__(self, series: Series, unit: str) -> None:
        self._names = [one_line(name) for name in series.x]
        self._values = series.y
        self._figures = [full(value, unit) for value in series.y]
        falls = max(series.y) <= 0
        self._lengths = [-value if falls else value for value in series.y]
        self._low = min(0.0, *self._lengths)
        self._high = max(0.0, *self._lengths)
        super().__init__()

    def sizeHint(self) -> QSize:
        return QSize(320, _ROW_HEIGHT * len(self._values))

    def told(self, x: int, y: int) -> str:
        """The whole name of the row, and its figure."""
        row = y // _ROW_HEIGHT
        if not 0 <= row < len(self._values):
            return ""
        return f"{self._names[row]}: {self._figures[row]}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.small_font())
        metrics = painter.fontMetrics()
        names = min(_widest(metrics, self._names), round(self.width() * _MOST_OF_NAMES))
        figures = _widest(metrics, self._figures)
        room = QRectF(names + _GAP, 0, self.width() - names - figures - 2 * _GAP, _ROW_HEIGHT)
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, value in enumerate(self._values):
            top = row * _ROW_HEIGHT
            name = metrics.elidedText(self._names[row], Qt.TextElideMode.ElideRight, names)
            painter.setPen(QColor(theme().tokens.muted))
            painter.drawText(QRectF(0, top, names, _ROW_HEIGHT), middle, name)
            painter.setPen(QColor(theme().tokens.text))
            place = QRectF(self.width() - figures, top, figures, _ROW_HEIGHT)
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, self._figures[row])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme().tokens.negative if value < 0 else colour(0)))
            painter.drawRoundedRect(self._bar(row, room.translated(0, top)), 3, 3)

    def _bar(self, row: int, room: QRectF) -> QRectF:
        scale = room.width() / ((self._high - self._low) or 1.0)
        zero = room.left() - self._low * scale
        top = room.center().y() - _BAR_HEIGHT / 2
        return QRectF(zero, top, self._lengths[row] * scale, _BAR_HEIGHT).normalized()


def _widest(metrics: QFontMetrics, texts: Sequence[str]) -> int:
    # One pixel more: widths are rounded down.
    return 1 + max(metrics.horizontalAdvance(text) for text in texts)
