"""Asks for the user's key for a source; it is kept in the keyring and never shown again."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row


class KeyDialog(QDialog):
    """A field whose text is hidden; a key that is kept already can be forgotten."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        kept: bool,
        on_key: Callable[[str], object],
        on_forget: Callable[[], object],
        why: str = "",
    ) -> None:
        """title: of the source. kept: whether the keyring holds a key for it. why: what one is
        good for, if not for more requests."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = self.tr("Key for {}").format(title)
        self.setWindowTitle(heading)
        self.setMinimumWidth(460)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(heading)
        self.field.setMaxLength(300)
        save = button(self.tr("Keep"), self.accept, kind="primary")
        save.setDefault(True)
        save.setEnabled(False)
        self.field.textChanged.connect(lambda text: save.setEnabled(bool(text.strip())))
        state = (
            self.tr("The keyring holds a key; another takes its place.")
            if kept
            else why or self.tr("A key is not needed, but allows more requests.")
        )
        note = self.tr("It is kept in the keyring of your system only, never with your data.")
        buttons = row(None, button(self.tr("Cancel"), self.reject), save)
        if kept:
            forget = button(self.tr("Forget the key"), self.reject, kind="danger")
            forget.clicked.connect(on_forget)
            buttons.insertWidget(0, forget)
        self.setLayout(
            column(
                label(heading, "heading"),
                label(f"{state} {note}", "muted", wrap=True),
                self.field,
                8,
                buttons,
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        Fitting(self)
        self.field.setFocus()
        self.accepted.connect(lambda: on_key(self.field.text().strip()))
        self.open()
