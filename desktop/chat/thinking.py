"""The model's thinking, folded away until asked for."""

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktop.chat.meter import seconds_text
from desktop.safetext import LIMIT, clean
from desktop.theme.icons import set_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, framed, row

_HEIGHT = 180
_TICK_MILLISECONDS = 500


class Thinking(QWidget):
    """A button that unfolds the text; appending costs the same however long it is.

    While the model thinks the button counts the seconds, afterwards it says how many it were.
    """

    def __init__(self) -> None:
        super().__init__()
        self._length = 0
        self._since: float | None = None
        self._before = 0.0
        self._known: float | None = None
        self.toggle = button(self.tr("Thinking…"), self._fold, kind="fold", icon="chevron-right")
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tell)
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
        self.setLayout(column(row(self.toggle, None), self._body, gap=6))
        self.hide()

    def append(self, text: str) -> None:
        """Add text that has just been thought; the first makes the fold appear."""
        if text and self._since is None:
            self._since = time.monotonic()
            self._timer.start()
        self._add(text)
        self._tell()

    def show_old(self, text: str) -> None:
        """Show what was thought some time ago."""
        self._add(text)
        self._tell()

    def finish(self, seconds: float | None = None) -> None:
        """The thinking is over; seconds: how long it took, if that was measured."""
        if self._since is None and not seconds:
            return
        self._timer.stop()
        if self._since is not None:
            self._before += time.monotonic() - self._since
            self._since = None
        if seconds:
            self._known = seconds
        self._tell()

    def text(self) -> str:
        """What has been thought."""
        return self._text.toPlainText()

    def unfold(self) -> None:
        """Show the text."""
        if self._body.isHidden():
            self._fold()

    def _add(self, text: str) -> None:
        room = LIMIT - self._length
        if room <= 0 or not text:
            return
        text = clean(text, room)
        self._length += len(text)
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        self.show()

    def _tell(self) -> None:
        if self._since is not None:
            seconds = self._before + time.monotonic() - self._since
            words = (
                self.tr("Thinking… {}").format(seconds_text(seconds))
                if seconds >= 1
                else self.tr("Thinking…")
            )
        else:
            took = self._known if self._known is not None else self._before
            words = (
                self.tr("Thought for {}").format(seconds_text(took))
                if took
                else self.tr("Thoughts")
            )
        self.toggle.setText(f"\u2009{words}")
        # Not told to screen readers every second: they ask for it when they come here.
        self.toggle.setAccessibleName(words)
        self.toggle.setAccessibleDescription(
            self.tr("Folds the thinking of the model")
            if not self._body.isHidden()
            else self.tr("Unfolds the thinking of the model")
        )

    def _fold(self) -> None:
        shown = self._body.isHidden()
        self._body.setVisible(shown)
        set_icon(self.toggle, "chevron-down" if shown else "chevron-right", "muted", 14)
        self._tell()
