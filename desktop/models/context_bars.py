"""How much memory longer conversations need, as bars against what is free and what there is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from desktop.models.words import fit_badge
from desktop.theme import theme
from desktop.widgets.figures import file_size
from desktop.widgets.painted import Painted

if TYPE_CHECKING:
    from engine.service import ModelFit

_ROW = 24
_BAR = 10
_GAP = 12
_TINTS = {"fits": "positive", "tight": "warning", "too large": "negative"}


class ContextBars(Painted):
    """One row for each length of context: its tokens, a bar, its bytes."""

    def __init__(self, fit: "ModelFit") -> None:
        super().__init__()
        words = self.tr("{} tokens")
        self._names = [words.format(f"{tokens:,}") for tokens, _, _ in fit.contexts]
        self._figures = [file_size(needed) for _, needed, _ in fit.contexts]
        self._needed = [needed for _, needed, _ in fit.contexts]
        self._words = [fits for _, _, fits in fit.contexts]
        self._free = fit.memory.free
        self._scale = max([*self._needed, self._free, 1])
        lines = zip(self._names, self._figures, self._words, strict=True)
        told = [f"{name}: {figure}, {fit_badge(fits)}" for name, figure, fits in lines]
        self.setAccessibleName(self.tr("Memory by length of the conversation"))
        self.setAccessibleDescription("; ".join(told))

    def sizeHint(self) -> QSize:
        return QSize(280, _ROW * len(self._names) + 2)

    def told(self, x: int, y: int) -> str:
        """How the length in this row fits."""
        row = y // _ROW
        if not 0 <= row < len(self._names):
            return ""
        return f"{self._names[row]}: {self._figures[row]}. {fit_badge(self._words[row])}."

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.small_font())
        measure = painter.fontMetrics().horizontalAdvance
        names = 1 + max(measure(name) for name in self._names)
        figures = 1 + max(measure(figure) for figure in self._figures)
        left, room = names + _GAP, self.width() - names - figures - 2 * _GAP
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        for row, needed in enumerate(self._needed):
            top = row * _ROW
            painter.setPen(QColor(tokens.muted))
            painter.drawText(QRectF(0, top, names, _ROW), middle, self._names[row])
            painter.setPen(QColor(tokens.text))
            place = QRectF(self.width() - figures, top, figures, _ROW)
            painter.drawText(place, middle | right, self._figures[row])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            bar = QRectF(left, top + (_ROW - _BAR) / 2, room, _BAR)
            painter.drawRoundedRect(bar, 3, 3)
            bar.setWidth(room * needed / self._scale)
            painter.setBrush(QColor(getattr(tokens, _TINTS[self._words[row]])))
            painter.drawRoundedRect(bar, 3, 3)
        free = round(left + room * self._free / self._scale)
        painter.fillRect(free - 1, 0, 2, self.height(), QColor(tokens.text))
