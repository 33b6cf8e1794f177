"""Shows commands for the terminal, to be copied."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QWidget

from desktop.safetext import clean, label
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row

_LINES = 6


class CommandDialog(QDialog):
    """What they are for, and the commands, one a line."""

    def __init__(self, parent: QWidget, title: str, intro: str, commands: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(640)
        self.commands = QPlainTextEdit(clean(commands))
        self.commands.setObjectName("boxed")
        self.commands.setReadOnly(True)
        self.commands.setTabChangesFocus(True)
        self.commands.setAccessibleName(self.tr("Commands"))
        self.commands.setFixedHeight(_LINES * self.commands.fontMetrics().lineSpacing() + 24)
        self.copy = button(self.tr("Copy"), self._copy, kind="primary", icon="copy")
        self.copy.setDefault(True)
        self.setLayout(
            column(
                label(title, "heading"),
                label(intro, "muted", wrap=True),
                self.commands,
                8,
                row(None, button(self.tr("Close"), self.reject), self.copy),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        Fitting(self)
        self.copy.setFocus()
        self.open()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.commands.toPlainText())
        self.copy.setText("\u2009" + self.tr("Copied"))
