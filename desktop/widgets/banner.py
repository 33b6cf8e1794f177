"""The strip over every page that says the figures are simulated."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel

from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import row


class SimulatedBanner(QFrame):
    """Shown as long as the demo portfolio is loaded."""

    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        mark = QLabel()
        set_label_icon(mark, "flask", "warning", 16)
        text = self.tr("Demo portfolio: all holdings, prices and figures are simulated.")
        remove = button(self.tr("Remove demo"), self.remove_wanted.emit, kind="link")
        self.setLayout(row(mark, label(text), None, remove, gap=8, margins=(24, 5, 16, 5)))
