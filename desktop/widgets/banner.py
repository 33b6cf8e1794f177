"""A strip over every page that says what holds for all of them."""

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.layout import row


class Banner(QFrame):
    """An icon, a sentence and what can be done about it."""

    def __init__(self, icon: str, text: str, *actions: QWidget) -> None:
        super().__init__()
        self.setObjectName("banner")
        mark = QLabel()
        set_label_icon(mark, icon, "warning", 16)
        self.setLayout(row(mark, label(text), None, *actions, gap=8, margins=(24, 5, 16, 5)))
        self.hide()
