"""A step of the wizard: what scrolls, and below it the buttons, which are always seen."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.widgets.layout import boxed, column, row, rule
from desktop.widgets.scroll import ScrollColumn

WIDTH = 880
MARGIN = 24
_FOOT = 58
"""Pixels, with a button in it."""


class Step(QWidget):
    """Put the content into `body` and the buttons into `foot`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.name = name
        self.pane = ScrollColumn(name, WIDTH, gap=16, margin=MARGIN)
        self.body = self.pane.column
        self.foot = row(gap=10, margins=(0, 12, 0, 12))
        foot = boxed(self.foot)
        foot.setObjectName("foot")  # where messages are not shown
        foot.setMinimumHeight(_FOOT)
        self.setLayout(column(self.pane, rule(), boxed(centred(foot)), gap=0))

    def begin(self) -> None:
        """The step is shown: set the focus to what is wanted first."""


def primary(one: QPushButton) -> QPushButton:
    """The same button, which Enter presses while it has the focus."""
    one.setAutoDefault(True)
    return one


def centred(inner: QWidget) -> QHBoxLayout:
    """A row that keeps a widget in the middle of the page, as wide as the cards above it."""
    inner.setMaximumWidth(WIDTH)
    line = row(margins=(MARGIN, 0, MARGIN, 0))
    line.addStretch(1)
    line.addWidget(inner, 1000)
    line.addStretch(1)
    return line
