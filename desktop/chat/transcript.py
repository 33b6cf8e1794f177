"""The questions and answers of one conversation, newest last, built a few at a time."""

import itertools
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from PySide6.QtCore import QPoint, QRect, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop.theme.tokens import READING_WIDTH
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import clear
from desktop.widgets.scroll import FollowingScroll

if TYPE_CHECKING:
    from desktop.chat.answer import Answer, Asked
    from desktop.chat.questions import UserRow
    from desktop.chat.rows import AnswerRow

BATCH = 24
"""Rows shown at first, and with every "Show earlier"."""

_BUILD_SECONDS = 0.008
_GAP = 22
_HALO = 11
_MARKED_SECONDS = 2.5
_SETTLING_SECONDS = (0.0, 0.1, 0.3)
"""When a message that is to be seen is gone to: texts above it still get their height."""

Entry = Union[str, "Asked", "Answer"]
"""A question of the user, of which only the text may be known, or an answer."""


class Transcript(FollowingScroll):
    """Shows entries; the ones of the open conversation that stream are found by message id."""

    row_added = Signal(object)
    """A question's or an answer's row."""

    def __init__(self) -> None:
        super().__init__(self.tr("Conversation"), READING_WIDTH, gap=_GAP, margin=24)
        self._earlier: list[Entry] = []
        self._waiting: deque[Entry] = deque()
        self._rows: dict[int, AnswerRow] = {}
        self._questions: dict[int, UserRow] = {}
        self._wanted = 0
        self._more = button(self.tr("Show earlier messages"), self._show_earlier, kind="ghost")
        self._more.hide()
        self._builder = QTimer(self)
        self._builder.setInterval(0)
        self._builder.timeout.connect(self._build)
        self.end_button = icon_button(
            "chevron-down", self.tr("Go to the end"), self._go_to_end, kind="", size=16
        )
        self.end_button.setParent(self)
        self.end_button.hide()
        self.verticalScrollBar().valueChanged.connect(self._offer_end)
        self.verticalScrollBar().rangeChanged.connect(self._offer_end)
        self.column.addStretch(1)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show a conversation; the newest entries are built first."""
        self._builder.stop()
        self._more.setParent(None)
        clear(self.column)
        self._rows.clear()
        self._questions.clear()
        self._waiting.clear()
        self._wanted = 0
        self.column.addWidget(self._more)
        self.column.addStretch(1)
        self._earlier = list(entries)
        self._more.hide()
        self._show_earlier()
        self.follow()

    def add(self, entry: Entry) -> QWidget:
        """Put an entry at the end and go there."""
        row = self._make(entry)
        self.column.insertWidget(self.column.count() - 1, row)
        self.follow()
        return row

    def row(self, message_id: int) -> "AnswerRow | None":
        """The row of an answer, if it is built."""
        return self._rows.get(message_id)

    def holds(self, message_id: int) -> bool:
        """Whether a message is here, built or still to be built."""
        built = message_id in self._rows or message_id in self._questions
        return built or any(
            _id(one) == message_id for one in itertools.chain(self._waiting, self._earlier)
        )

    def known(self, row: "UserRow", message_id: int) -> None:
        """A question that was asked just now is stored under this id."""
        row.know(message_id, (message_id,))
        self._questions[message_id] = row

    def last_question(self) -> "UserRow | None":
        """The newest question that is stored."""
        return self._questions.get(max(self._questions, default=0))

    def last_answer(self) -> "AnswerRow | None":
        """The newest answer."""
        return self._rows.get(max(self._rows, default=0))

    def reveal(self, message_id: int) -> None:
        """Go to a message and mark it for a moment; what is before it is built if need be."""
        self._wanted = message_id
        place = next(
            (n for n, one in enumerate(self._earlier) if _id(one) == message_id), len(self._earlier)
        )
        if place < len(self._earlier):
            self._show_earlier(len(self._earlier) - place)
        elif not self._builder.isActive():
            self._go_to_wanted()

    def goal(self) -> int:
        """The end; of the newest answer with results, the question or else the end of the text."""
        newest = self._rows.get(max(self._rows, default=0))
        if newest is None or not newest.shows_cards():
            return super().goal()
        place = self.column.indexOf(newest)
        if place < self.column.count() - 2:
            return super().goal()
        above = self.column.itemAt(place - 1)
        question = (above.widget() if above is not None else None) or newest
        top = question.mapTo(self.inner, QPoint(0, -_GAP)).y()
        written = newest.mapTo(self.inner, QPoint(0, newest.text_height())).y()
        return max(0, min(super().goal(), max(top, written - self.viewport().height())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Before it is first shown, the button has no size of its own.
        self.end_button.adjustSize()
        self.end_button.move(
            (self.viewport().width() - self.end_button.width()) // 2,
            self.viewport().height() - self.end_button.height() - 8,
        )

    def _show_earlier(self, count: int = BATCH) -> None:
        self._waiting.extend(reversed(self._earlier[-count:]))
        del self._earlier[-count:]
        self._more.hide()
        self._builder.start()

    def _build(self) -> None:
        deadline = time.monotonic() + _BUILD_SECONDS
        while self._waiting and time.monotonic() < deadline:
            # Below the "earlier" button, above everything built before.
            self.column.insertWidget(1, self._make(self._waiting.popleft()))
        if not self._waiting:
            self._builder.stop()
            self._more.setVisible(bool(self._earlier))
            self._go_to_wanted()

    def _go_to_wanted(self) -> None:
        row: QWidget | None = self._rows.get(self._wanted) or self._questions.get(self._wanted)
        self._wanted = 0
        if row is None:
            return
        self._following = False
        halo = QFrame(self.inner)
        halo.setObjectName("halo")
        halo.lower()
        for seconds in _SETTLING_SECONDS:
            QTimer.singleShot(round(1000 * seconds), row, lambda: self._go_to(row, halo))
        QTimer.singleShot(round(1000 * _MARKED_SECONDS), halo, halo.deleteLater)

    def _go_to(self, row: QWidget, halo: QWidget) -> None:
        corner = row.mapTo(self.inner, QPoint(0, 0))
        around = QRect(corner, row.size()).adjusted(-_HALO, -_HALO, _HALO, _HALO)
        halo.setGeometry(around)
        halo.show()
        top = corner.y() - _GAP
        self._following = False
        self._adjusting = True
        self.verticalScrollBar().setValue(top)
        self._adjusting = False

    def _make(self, entry: Entry) -> QWidget:
        # Loaded with the session: the window appears before anything can be in it.
        from desktop.chat.answer import Asked  # noqa: PLC0415
        from desktop.chat.questions import UserRow  # noqa: PLC0415
        from desktop.chat.rows import AnswerRow  # noqa: PLC0415

        row: UserRow | AnswerRow
        if isinstance(entry, str):
            entry = Asked(0, entry)
        if isinstance(entry, Asked):
            row = UserRow(entry)
            if entry.message_id:
                self._questions[entry.message_id] = row
        else:
            row = AnswerRow(entry)
            self._rows[entry.message_id] = row
        self.row_added.emit(row)
        return row

    def _go_to_end(self) -> None:
        self.follow()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _offer_end(self) -> None:
        bar = self.verticalScrollBar()
        self.end_button.setVisible(bar.maximum() - bar.value() > self.viewport().height() // 2)
        self.end_button.raise_()


def _id(entry: Entry) -> int:
    return 0 if isinstance(entry, str) else entry.message_id
