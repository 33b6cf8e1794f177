"""Which line of a chart is which."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.safetext import label, one_line
from desktop.theme import follow_theme
from desktop.widgets.donut import colour
from desktop.widgets.flow import Flow
from desktop.widgets.layout import boxed, row
from engine.core.words import capitalised

_WIDTH, _HEIGHT = 18, 12
_NAME_LENGTH = 40


class _Mark(QWidget):
    """A piece of a line, as the chart draws it."""

    def __init__(self, number: int, dashed: bool) -> None:
        super().__init__()
        self._number = number
        self._dashed = dashed
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self, self.update)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colour(self._number)), 2)
        if self._dashed:
            pen.setDashPattern([2.5, 2])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(0, _HEIGHT // 2, _WIDTH, _HEIGHT // 2)


class Legend(QWidget):
    """The names of lines; compared: all but the first are dashed; as_written: names of files."""

    def __init__(
        self, names: Sequence[str], *, compared: bool = False, as_written: bool = False
    ) -> None:
        super().__init__()
        flow = Flow(gap=16, line_gap=4)
        title = one_line if as_written else _title
        for number, name in enumerate(names):
            mark = _Mark(number, compared and number > 0)
            flow.addWidget(boxed(row(mark, label(title(name), "small"), gap=6)))
        self.setLayout(flow)


def _title(name: str) -> str:
    return capitalised(one_line(name, _NAME_LENGTH))
