"""Shows Markdown while it streams in: finished blocks stay as they are, the open tail is redrawn.

Flushes are throttled to 30 a second, and fewer when one is costly, so that a long or fast answer
never keeps the main thread from answering the user.
"""

import math
import time

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.markdown.formats import Formats, formats_for
from desktop.markdown.stream import BlockStream
from desktop.markdown.writer import DocumentWriter
from desktop.safetext import LIMIT, SafeBrowser, clean
from desktop.theme import follow_theme, theme

FLUSH_SECONDS = 1 / 30
"""Shortest time between two flushes."""

COST_FACTOR = 5
"""A flush is followed by a rest of at least this many times its own duration."""

_PIECE = 4_000
_SCROLL_KEYS = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)


class MarkdownView(SafeBrowser):
    """A text as tall as its content; append() while it streams, finish() at its end."""

    grown = Signal()
    """The height changed."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Nothing is as tall as nothing: a first frame of the usual height would push all below it.
        self.setFixedHeight(0)
        self._source = ""
        self._waiting = ""
        self._finished = False
        self._next_flush = 0.0
        self._stream = BlockStream()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self.flush)
        self._writer = DocumentWriter(self.document(), self._formats())
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        follow_theme(self, self._restyle)

    def text(self) -> str:
        """The Markdown received so far."""
        return self._source

    def append(self, text: str) -> None:
        """Take in more Markdown; it is shown with the next flush."""
        room = LIMIT - len(self._source)
        if room <= 0 or not text:
            return
        # A withdrawn answer was set to nothing, as complete; now it is written once more.
        self._finished = False
        text = clean(text, room)
        self._source += text
        self._waiting += text
        self._schedule()

    def finish(self) -> None:
        """The text is complete: show all of it as final."""
        self._finished = True
        self._schedule()

    def set_text(self, text: str) -> None:
        """Show another text, complete, in place of all before."""
        self._begin_again(clean(text))
        self._finished = True
        self.flush()

    def settled(self) -> bool:
        """True if everything received is on the screen."""
        return not self._waiting and not self.timer.isActive()

    def _formats(self) -> Formats:
        return formats_for(theme().tokens, theme().sizes)

    def _schedule(self) -> None:
        if not self.timer.isActive():
            rest = max(0.0, self._next_flush - time.monotonic())
            self.timer.start(math.ceil(rest * 1000))

    def flush(self) -> None:
        """Show what has been received; done by the timer at the right moments."""
        started = time.monotonic()
        piece, self._waiting = self._waiting[:_PIECE], self._waiting[_PIECE:]
        self._stream.feed(piece)
        if self._finished and not self._waiting:
            self._stream.close()
        self._writer.render(self._stream.take(), self._stream.open())
        cost = time.monotonic() - started
        self._next_flush = time.monotonic() + max(FLUSH_SECONDS, COST_FACTOR * cost)
        if self._waiting:
            self._schedule()

    def _begin_again(self, source: str) -> None:
        self.document().clear()
        self._stream = BlockStream()
        self._writer = DocumentWriter(self.document(), self._formats())
        self._source = self._waiting = source

    def _restyle(self) -> None:
        if self._source:
            self._begin_again(self._source)
            self._schedule()

    def _fit(self) -> None:
        height = math.ceil(self.document().size().height())
        if height != self.height():
            self.setFixedHeight(height)
            self.grown.emit()

    def sizeHint(self) -> QSize:
        """As wide as there is room for, as tall as the text."""
        return QSize(super().sizeHint().width(), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the page."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the scrolling keys to the page."""
        if event.key() in _SCROLL_KEYS and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)
