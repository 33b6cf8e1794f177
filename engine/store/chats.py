"""Conversations, stored while the answers stream in."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlite_utils

from engine.core.cards import Card, card_from_json, card_to_json
from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one, insert

_log = logging.getLogger(__name__)

MessageStatus = Literal["streaming", "complete", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation; updated is the time of its newest message."""

    id: int
    title: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer.

    calls: the JSON of the tool calls behind an answer. notice: the sentence shown under it, or "".
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


# Inside the class the name `list` is the method.
Messages = list[Message]


class ChatRepo:
    """Stores chats and messages; writing to a message or chat that is gone raises KnownError."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, title: str) -> int:
        """Store a new chat; returns its id."""
        now = codec.time_text(self._db.clock.now())
        row = {"title": title, "created": now, "updated": now}
        return self._db.run(lambda db: insert(db, "chats", row))

    def list(self) -> list[Chat]:
        """All chats, the one used last first."""
        return self._db.run(
            lambda db: [
                Chat(row["id"], row["title"], codec.time(row["updated"]))
                for row in db.query("SELECT * FROM chats ORDER BY updated DESC, id DESC")
            ]
        )

    def messages(self, chat_id: int) -> Messages:
        """The messages of a chat, oldest first, with those cards that this version knows."""

        def read(db: sqlite_utils.Database) -> Messages:
            cards: dict[int, tuple[Card, ...]] = {}
            for row in db.query(
                "SELECT c.message_id, c.card FROM cards c JOIN messages m ON m.id = c.message_id "
                "WHERE m.chat_id = ? ORDER BY c.id",
                [chat_id],
            ):
                message_id = row["message_id"]
                try:
                    card = card_from_json(row["card"])
                except ValueError:  # of a newer version; the conversation can still be read
                    _log.warning("a stored card is of an unknown kind")
                    continue
                cards[message_id] = (*cards.get(message_id, ()), card)
            rows = db.query("SELECT * FROM messages WHERE chat_id = ? ORDER BY id", [chat_id])
            return [_from_row(row, cards.get(row["id"], ())) for row in rows]

        return self._db.run(read)

    def add_user(self, chat_id: int, text: str) -> int:
        """Store a question; returns its id."""
        return self._add_message(chat_id, "user", text, "complete")

    def begin_answer(self, chat_id: int) -> int:
        """Store an empty answer that is being written; returns its id."""
        return self._add_message(chat_id, "assistant", "", "streaming")

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
        self, message_id: int, status: Literal["complete", "stopped", "failed"], notice: str = ""
    ) -> None:
        """Mark an answer as ended; notice is the sentence to show under it."""
        self._update(
            "UPDATE messages SET status = ?, notice = ? WHERE id = ?", status, notice, message_id
        )

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat another title."""
        self._update("UPDATE chats SET title = ? WHERE id = ?", title, chat_id)

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

    def _add_message(self, chat_id: int, role: str, text: str, status: MessageStatus) -> int:
        now = codec.time_text(self._db.clock.now())
        row = {"chat_id": chat_id, "role": role, "text": text, "status": status, "created": now}

        def add(db: sqlite_utils.Database) -> int:
            change_one(db, "UPDATE chats SET updated = ? WHERE id = ?", [now, chat_id], "chat")
            return insert(db, "messages", row)

        return self._db.run(add)

    def _update(self, sql: str, *parameters: str | int) -> None:
        self._db.run(lambda db: change_one(db, sql, parameters, "chat"))


def _from_row(row: dict[str, Any], cards: tuple[Card, ...]) -> Message:
    return Message(**row | {"created": codec.time(row["created"]), "cards": cards})
