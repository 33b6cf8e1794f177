"""A calm sign that something is being done: a pulsing dot and a few words."""

import math

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.safetext import label, one_line
from desktop.theme import theme
from desktop.widgets.layout import row

_FRAME_MILLISECONDS = 80
_PERIOD_SECONDS = 1.6


class Dot(QWidget):
    """A dot that fades in and out while it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(10, 10))
        self._seconds = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MILLISECONDS)
        self._timer.timeout.connect(self._step)

    def start(self) -> None:
        """Begin to pulse."""
        self._timer.start()

    def stop(self) -> None:
        """Stand still; costs nothing."""
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(theme().tokens.accent)
        wave = math.cos(2 * math.pi * self._seconds / _PERIOD_SECONDS)
        colour.setAlphaF(0.65 + 0.35 * wave)
        painter.setPen(colour)
        painter.setBrush(colour)
        painter.drawEllipse(1, 1, 7, 7)

    def hideEvent(self, event: QHideEvent) -> None:
        self.stop()
        super().hideEvent(event)

    def _step(self) -> None:
        self._seconds = (self._seconds + _FRAME_MILLISECONDS / 1000) % _PERIOD_SECONDS
        self.update()


class Activity(QWidget):
    """The dot and what is being done."""

    def __init__(self) -> None:
        super().__init__()
        self._dot = Dot()
        self._words = label("", "muted")
        self.setLayout(row(self._dot, self._words, None, gap=8))
        self.hide()

    def start(self, text: str) -> None:
        """Show what is being done."""
        self._words.setText(one_line(text))
        self.setAccessibleName(one_line(text))
        self.show()
        self._dot.start()

    def stop(self) -> None:
        """Nothing is being done any more."""
        self._dot.stop()
        self.hide()
