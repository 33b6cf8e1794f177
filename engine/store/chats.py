"""Conversations, stored while the answers stream in.

The messages of a chat are a tree: what follows a message has it as its parent. Of the messages
with the same parent one is shown; the shown ones from the first on are the path. Ids grow along it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlite_utils

from engine.core.answer_figures import AnswerFigures
from engine.core.cards import Card, card_from_json, card_to_json
from engine.core.errors import KnownError
from engine.store import codec
from engine.store.chat_tree import add, copy, path_ids, show, up_from
from engine.store.database import Database
from engine.store.statements import change_one, insert

_log = logging.getLogger(__name__)

MessageStatus = Literal["streaming", "complete", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation; updated is the time of its newest message.

    model: what answers in it, "" for whatever is chosen for the whole app. preset: an id of
    engine.core.presets.
    """

    id: int
    title: str
    updated: datetime
    model: str = ""
    preset: str = "precise"


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer.

    calls: the JSON of the tool calls behind an answer; of a question, the call that was chosen with
    it. notice: the sentence shown under an answer, or "". siblings: the ids of all messages in the
    place of this one, itself included, oldest first.
    """

    id: int
    chat_id: int
    role: Literal["user", "assistant"]
    text: str
    thinking: str
    status: MessageStatus
    cards: tuple[Card, ...]
    calls: str
    created: datetime
    notice: str = ""
    parent_id: int | None = None
    siblings: tuple[int, ...] = ()
    figures: AnswerFigures | None = None
    shown: bool = True


# Inside the class the name `list` is the method.
Messages = list[Message]


class ChatRepo:
    """Stores chats and messages; writing to a message or chat that is gone raises KnownError."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, title: str, model: str = "", preset: str = "precise") -> int:
        """Store a new chat; returns its id."""
        now = codec.time_text(self._db.clock.now())
        row = {"title": title, "created": now, "updated": now, "model": model, "preset": preset}
        return self._db.run(lambda db: insert(db, "chats", row))

    def list(self) -> list[Chat]:
        """All chats, the one used last first."""
        return self._db.run(
            lambda db: [
                _chat(row) for row in db.query("SELECT * FROM chats ORDER BY updated DESC, id DESC")
            ]
        )

    def get(self, chat_id: int) -> Chat:
        """One chat; KnownError if it is gone."""
        try:
            rows = self._db.run(
                lambda db: [*db.query("SELECT * FROM chats WHERE id = ?", [chat_id])]
            )
        except OverflowError:  # a number that no row can have
            rows = []
        if not rows:
            raise KnownError("This chat is not there any more.")
        return _chat(rows[0])

    def messages(self, chat_id: int) -> Messages:
        """The path that is shown, oldest first, with those cards that this version knows."""
        return self._db.run(lambda db: _read(db, chat_id, path_ids(db, chat_id)))

    def tree(self, chat_id: int) -> Messages:
        """All messages of a chat, of every branch, oldest first."""
        return self._db.run(lambda db: _read(db, chat_id, None))

    def path_to(self, message_id: int) -> Messages:
        """A message after all that lead to it, shown or not; KnownError if it is gone."""

        def read(db: sqlite_utils.Database) -> Messages:
            chat_id, ids = up_from(db, message_id)
            return _read(db, chat_id, ids)

        return self._db.run(read)

    def add_user(self, chat_id: int, text: str, calls: str = "[]") -> int:
        """Store a question at the end of the path; returns its id."""
        return self._add(chat_id, None, role="user", text=text, status="complete", calls=calls)

    def begin_answer(self, chat_id: int) -> int:
        """Store an empty answer that is being written, at the end of the path; returns its id."""
        return self._add(chat_id, None, role="assistant", text="", status="streaming")

    def add_user_beside(self, message_id: int, text: str) -> int:
        """Store another question in the place of one, and show it; returns its id."""
        return self._add(None, message_id, role="user", text=text, status="complete")

    def begin_answer_beside(self, message_id: int) -> int:
        """Store an empty answer in the place of one, and show it; returns its id."""
        return self._add(None, message_id, role="assistant", text="", status="streaming")

    def show(self, message_id: int) -> int:
        """Lead the path through a message, whose latest continuation follows; returns its chat."""
        return self._db.run(lambda db: show(db, message_id))

    def copy_path(self, message_id: int, title: str) -> int:
        """Store a new chat with a message and all that lead to it; returns its id."""
        now = codec.time_text(self._db.clock.now())
        return self._db.run(lambda db: copy(db, message_id, title, now))

    def append(self, message_id: int, text: str) -> None:
        """Add text at the end of a message."""
        self._update("UPDATE messages SET text = text || ? WHERE id = ?", text, message_id)

    def append_thinking(self, message_id: int, text: str) -> None:
        """Add text at the end of a message's thinking."""
        self._update("UPDATE messages SET thinking = thinking || ? WHERE id = ?", text, message_id)

    def replace(self, message_id: int, text: str) -> None:
        """Give a message another text."""
        self._update("UPDATE messages SET text = ? WHERE id = ?", text, message_id)

    def add_card(self, message_id: int, card: Card) -> None:
        """Put one more card beside a message."""
        self._update(
            "INSERT INTO cards (card, message_id) SELECT ?, id FROM messages WHERE id = ?",
            card_to_json(card),
            message_id,
        )

    def set_calls(self, message_id: int, calls: str) -> None:
        """Note the tool calls behind an answer, as JSON."""
        self._update("UPDATE messages SET calls = ? WHERE id = ?", calls, message_id)

    def finish(
        self,
        message_id: int,
        status: Literal["complete", "stopped", "failed"],
        notice: str = "",
        figures: AnswerFigures | None = None,
    ) -> None:
        """Mark an answer as ended; notice is the sentence to show under it."""
        self._update(
            "UPDATE messages SET status = ?, notice = ?, figures = ? WHERE id = ?",
            status,
            notice,
            figures.to_json() if figures else "{}",
            message_id,
        )

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat another title."""
        self._update("UPDATE chats SET title = ? WHERE id = ?", title, chat_id)

    def set_model(self, chat_id: int, model: str) -> None:
        """Say what answers in a chat."""
        self._update("UPDATE chats SET model = ? WHERE id = ?", model, chat_id)

    def set_preset(self, chat_id: int, preset: str) -> None:
        """Say how answers are worded in a chat."""
        self._update("UPDATE chats SET preset = ? WHERE id = ?", preset, chat_id)

    def delete(self, chat_id: int) -> None:
        """Delete a chat with all its messages."""
        self._update("DELETE FROM chats WHERE id = ?", chat_id)

    def recover(self) -> int:
        """Mark answers that a crash cut off as stopped; returns how many there were."""
        return self._db.run(
            lambda db: int(
                db.execute(
                    "UPDATE messages SET status = 'stopped' WHERE status = 'streaming'"
                ).rowcount
            )
        )

    def _add(self, chat_id: int | None, beside: int | None, **row: str) -> int:
        now = codec.time_text(self._db.clock.now())
        return self._db.run(lambda db: add(db, chat_id, beside, row | {"created": now}))

    def _update(self, sql: str, *parameters: str | int) -> None:
        self._db.run(lambda db: change_one(db, sql, parameters, "chat"))


def _chat(row: dict[str, Any]) -> Chat:
    return Chat(row["id"], row["title"], codec.time(row["updated"]), row["model"], row["preset"])


def _read(db: sqlite_utils.Database, chat_id: int, ids: Iterable[int] | None) -> Messages:
    """Messages of a chat by their ids, or all, oldest first."""
    wanted = None if ids is None else set(ids)
    siblings: dict[int | None, list[int]] = defaultdict(list)
    for row in db.query(
        "SELECT id, parent_id FROM messages WHERE chat_id = ? ORDER BY id", [chat_id]
    ):
        siblings[row["parent_id"]].append(row["id"])
    cards: dict[int, tuple[Card, ...]] = {}
    for row in db.query(
        "SELECT c.message_id, c.card FROM cards c JOIN messages m ON m.id = c.message_id "
        "WHERE m.chat_id = ? ORDER BY c.id",
        [chat_id],
    ):
        message_id = row["message_id"]
        if wanted is not None and message_id not in wanted:
            continue
        try:
            card = card_from_json(row["card"])
        except ValueError:  # of a newer version; the conversation can still be read
            _log.warning("a stored card is of an unknown kind")
            continue
        cards[message_id] = (*cards.get(message_id, ()), card)
    return [
        _message(row, cards.get(row["id"], ()), tuple(siblings[row["parent_id"]]))
        for row in db.query("SELECT * FROM messages WHERE chat_id = ? ORDER BY id", [chat_id])
        if wanted is None or row["id"] in wanted
    ]


def _message(row: dict[str, Any], cards: tuple[Card, ...], siblings: tuple[int, ...]) -> Message:
    return Message(
        id=row["id"],
        chat_id=row["chat_id"],
        role=row["role"],
        text=row["text"],
        thinking=row["thinking"],
        status=row["status"],
        cards=cards,
        calls=row["calls"],
        created=codec.time(row["created"]),
        notice=row["notice"],
        parent_id=row["parent_id"],
        siblings=siblings,
        figures=AnswerFigures.from_json(row["figures"]),
        shown=bool(row["shown"]),
    )
