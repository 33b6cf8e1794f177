"""The model's thinking, folded away until asked for."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktop.safetext import LIMIT, clean
from desktop.theme.icons import set_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, framed, row

_HEIGHT = 180


class Thinking(QWidget):
    """A button that unfolds the text; appending costs the same however long it is."""

    def __init__(self) -> None:
        super().__init__()
        self._length = 0
        self._toggle = button(self.tr("Thinking…"), self._fold, kind="fold", icon="chevron-right")
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAcceptDrops(False)
        self._text.setUndoRedoEnabled(False)
        self._text.setFixedHeight(_HEIGHT)
        self._text.setAccessibleName(self.tr("Thinking of the model"))
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._body = framed(column(self._text, margins=(12, 8, 4, 8)), "well")
        self._body.hide()
        self.setLayout(column(row(self._toggle, None), self._body, gap=6))
        self.hide()

    def append(self, text: str) -> None:
        """Add text; the first makes the fold appear."""
        room = LIMIT - self._length
        if room <= 0 or not text:
            return
        text = clean(text, room)
        self._length += len(text)
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        self.show()

    def finish(self) -> None:
        """The thinking is over."""
        self._toggle.setText(self.tr("Thinking"))

    def text(self) -> str:
        """What has been thought."""
        return self._text.toPlainText()

    def _fold(self) -> None:
        shown = self._body.isHidden()
        self._body.setVisible(shown)
        set_icon(self._toggle, "chevron-down" if shown else "chevron-right", "muted", 14)
