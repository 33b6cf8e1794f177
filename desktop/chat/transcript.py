"""The questions and answers of one conversation, newest last, built a few at a time."""

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop.theme.tokens import READING_WIDTH
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import clear
from desktop.widgets.scroll import FollowingScroll

if TYPE_CHECKING:
    from desktop.chat.answer import Answer
    from desktop.chat.rows import AnswerRow

BATCH = 24
"""Rows shown at first, and with every "Show earlier"."""

_BUILD_SECONDS = 0.008

Entry = Union[str, "Answer"]
"""A question of the user, or an answer."""


class Transcript(FollowingScroll):
    """Shows entries; the ones of the open conversation that stream are found by message id."""

    row_added = Signal(object)

    def __init__(self) -> None:
        super().__init__(self.tr("Conversation"), READING_WIDTH, gap=22, margin=24)
        self._earlier: list[Entry] = []
        self._waiting: deque[Entry] = deque()
        self._rows: dict[int, AnswerRow] = {}
        self._more = button(self.tr("Show earlier messages"), self._show_earlier, kind="ghost")
        self._more.hide()
        self._builder = QTimer(self)
        self._builder.setInterval(0)
        self._builder.timeout.connect(self._build)
        self._latest = icon_button(
            "chevron-down", self.tr("Go to the latest message"), self.follow, kind="", size=16
        )
        self._latest.setParent(self)
        self._latest.hide()
        self.verticalScrollBar().valueChanged.connect(self._offer_latest)
        self.verticalScrollBar().rangeChanged.connect(self._offer_latest)
        self.column.addStretch(1)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show a conversation; the newest entries are built first."""
        self._builder.stop()
        self._more.setParent(None)
        clear(self.column)
        self._rows.clear()
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._latest.move(
            (self.viewport().width() - self._latest.width()) // 2,
            self.viewport().height() - self._latest.height() - 8,
        )

    def _show_earlier(self) -> None:
        self._waiting.extend(reversed(self._earlier[-BATCH:]))
        del self._earlier[-BATCH:]
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

    def _make(self, entry: Entry) -> QWidget:
        # Loaded with the session: the window appears before anything can be in it.
        from desktop.chat.rows import AnswerRow, UserRow  # noqa: PLC0415

        if isinstance(entry, str):
            return UserRow(entry)
        row = AnswerRow(entry)
        self._rows[entry.message_id] = row
        self.row_added.emit(row)
        return row

    def _offer_latest(self) -> None:
        bar = self.verticalScrollBar()
        self._latest.setVisible(bar.maximum() - bar.value() > self.viewport().height() // 2)
        self._latest.raise_()
