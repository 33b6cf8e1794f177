"""The small dialogs: a yes or no, one line of text, something that must be read."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row

_translate = QCoreApplication.translate

_MARGIN = 24


def _paragraph(text: str, width: int, selectable: bool = False) -> QLabel:
    """Words for a dialog at least this wide; high enough for all of them."""
    words = label(text, "muted", wrap=True, selectable=selectable)
    words.ensurePolished()
    words.setMinimumHeight(max(0, words.heightForWidth(width - 2 * _MARGIN)))
    return words


class Question(QDialog):
    """A title, a sentence and two buttons; the safe one has the focus.

    kind: the look of the other one.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str,
        yes: str,
        on_yes: Callable[[], object],
        kind: str = "danger",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        sentence = _paragraph(text, 420)
        no_button = button(_translate("dialogs", "Cancel"), self.reject)
        self.yes_button = button(yes, self.accept, kind=kind)
        self.setLayout(
            column(
                label(title, "heading", wrap=True),
                sentence,
                8,
                row(None, no_button, self.yes_button),
                gap=8,
                margins=(_MARGIN, 20, _MARGIN, 20),
            )
        )
        Fitting(self)
        no_button.setFocus()
        self.accepted.connect(on_yes)
        self.open()


class TextQuestion(QDialog):
    """Asks for one line of text; an empty one is not accepted."""

    def __init__(
        self, parent: QWidget, title: str, text: str, on_text: Callable[[str], object]
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self.field = QLineEdit(one_line(text))
        self.field.setAccessibleName(title)
        self.field.setMaxLength(200)
        self.field.selectAll()
        self._save = button(_translate("dialogs", "Save"), self.accept, kind="primary")
        self._save.setDefault(True)
        cancel = button(_translate("dialogs", "Cancel"), self.reject)
        self.field.textChanged.connect(lambda now: self._save.setEnabled(bool(now.strip())))
        self.setLayout(
            column(
                label(title, "heading"),
                self.field,
                8,
                row(None, cancel, self._save),
                gap=10,
                margins=(_MARGIN, 20, _MARGIN, 20),
            )
        )
        self.accepted.connect(lambda: on_text(self.field.text().strip()))
        self.open()


class Notice(QDialog):
    """A title, a text that may be long, and a button; opens at once."""

    def __init__(self, parent: QWidget, title: str, text: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(560)
        self.words = _paragraph(text, 560, selectable=True)
        close = button(_translate("dialogs", "Close"), self.accept, kind="primary")
        close.setDefault(True)
        self.setLayout(
            column(
                label(title, "heading", wrap=True),
                self.words,
                8,
                row(None, close),
                gap=8,
                margins=(_MARGIN, 20, _MARGIN, 20),
            )
        )
        Fitting(self)
        close.setFocus()
        self.open()
