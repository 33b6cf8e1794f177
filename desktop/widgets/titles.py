"""Titles: one that is cut with an ellipsis where there is no room, and the head of a page."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from desktop.safetext import clean, label, one_line, tooltip
from desktop.widgets.layout import column, row


class ElidedLabel(QLabel):
    """One line of plain text, cut at the right if it does not fit."""

    def __init__(self, text: str, role: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        text = one_line(text)
        self.setText(text)
        self.setToolTip(tooltip(text) if len(text) > 40 else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(
            self.contentsRect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text
        )


def set_words(shown: QLabel, text: str, role: str) -> None:
    """Show another text in a label, in another role; none if it is empty."""
    shown.setText(clean(text))
    shown.setVisible(bool(text))
    if shown.property("role") != role:
        shown.setProperty("role", role)
        shown.style().unpolish(shown)
        shown.style().polish(shown)


def page_head(title: str, text: str, *actions: QWidget) -> QHBoxLayout:
    """Title and explanation of a page, with its buttons on the right."""
    words = column(label(title, "title"), gap=2)
    if text:
        words.addWidget(label(text, "muted", wrap=True))
    head = row(gap=10)
    head.addLayout(words, 1)
    for action in actions:
        head.addWidget(action, 0, Qt.AlignmentFlag.AlignTop)
    return head
