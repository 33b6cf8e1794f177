"""Shows commands for the terminal, to be copied, or what does the same here."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QWidget

from desktop.safetext import clean, label
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row

_LINES = 6


class CommandDialog(QDialog):
    """What they are for, and the commands, one a line."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        intro: str,
        commands: str,
        here: tuple[str, Callable[[], object]],
    ) -> None:
        """here: the name of what does the same in the window, and how it begins."""
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
        self.copy = button(self.tr("Copy"), self._copy, icon="copy")
        name, begin = here
        self.here = button(name, self.accept, kind="primary")
        self.here.setDefault(True)
        self.accepted.connect(begin)
        self.setLayout(
            column(
                label(title, "heading"),
                label(intro, "muted", wrap=True),
                self.commands,
                8,
                row(button(self.tr("Close"), self.reject), None, self.copy, self.here),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        Fitting(self)
        self.here.setFocus()
        self.open()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.commands.toPlainText())
        self.copy.setText("\u2009" + self.tr("Copied"))
