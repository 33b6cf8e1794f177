"""A note that the model writes its prompts by a template of its own, and the text of that."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from desktop.safetext import clean, label
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row

_MARGIN = 24


class TemplateNote(QWidget):
    """Seen while the model that answers has such a template."""

    def __init__(self) -> None:
        super().__init__()
        self._template = ""
        words = self.tr(
            "This model brings its own chat template: a small program by whoever made the file, "
            "which writes what the model is told. Assay does not know it, so it runs locked in, "
            "in a process of its own, with little time and memory."
        )
        line = row(gap=12)
        line.addWidget(label(words, "muted", wrap=True), 1)
        line.addWidget(button(self.tr("Read it"), self._read), 0, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(line)
        self.hide()

    def show_template(self, template: str) -> None:
        """Show that there is one; "": there is none."""
        self._template = template
        self.setVisible(bool(template))

    def _read(self) -> None:
        TemplateText(self.window(), self._template)


class TemplateText(QDialog):
    """The text as the file has it, to be read; opens at once."""

    def __init__(self, parent: QWidget, template: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Chat template of this model")
        self.setWindowTitle(title)
        self.resize(720, 560)
        self.text = QPlainTextEdit(clean(template))
        self.text.setObjectName("boxed")
        self.text.setAccessibleName(title)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        close = button(self.tr("Close"), self.accept, kind="primary")
        close.setDefault(True)
        head = label(title, "heading", wrap=True)
        margins = (_MARGIN, 20, _MARGIN, 20)
        self.setLayout(column(head, self.text, row(None, close), gap=12, margins=margins))
        close.setFocus()
        self.open()
