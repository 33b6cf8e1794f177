"""Labelled values, one to a line."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from desktop.safetext import label
from desktop.widgets.layout import boxed, row, rule
from engine.core.words import capitalised

_MANY = 10
_TWO_COLUMNS = 560
"""Pixels that two columns need."""
_ONE_COLUMN = 2
"""Items of the layout with a single column: it, and the line that would follow."""
_LEAST = 240
_GAP = 40
_LINE_GAP = 8

Pairs = Sequence[tuple[str, str]]


class Facts(QWidget):
    """Names and values; many of them stand in two columns where there is room."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__()
        half = (len(pairs) + 1) // 2 if len(pairs) >= _MANY else len(pairs)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.addWidget(boxed(_lines(pairs[:half])), 1)
        self._between = rule()
        self._columns.addWidget(self._between)
        if pairs[half:]:
            self._columns.addWidget(boxed(_lines(pairs[half:])), 1)
        self.setLayout(self._columns)
        self._arrange(beside=True)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(beside=self.width() >= _TWO_COLUMNS)

    def _arrange(self, *, beside: bool) -> None:
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        self._columns.setSpacing(_GAP if beside else _LINE_GAP)
        self._between.setVisible(not beside and self._columns.count() > _ONE_COLUMN)


def _lines(pairs: Pairs) -> QVBoxLayout:
    lines = QVBoxLayout()
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(_LINE_GAP)
    for number, (name, value) in enumerate(pairs):
        if number:
            lines.addWidget(rule())
        shown = label(value, "strong", wrap=True, selectable=True)
        shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = row(label(capitalised(name), "muted"), gap=16)
        line.addWidget(shown, 1)
        lines.addLayout(line)
    lines.addStretch(1)
    return lines
