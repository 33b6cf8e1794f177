"""The tree of a chat's messages: its path, another message in the place of one, copies."""

from collections.abc import Mapping
from typing import Any

import sqlite_utils

from engine.core.errors import KnownError
from engine.store.statements import change_one, insert

_PATH = """
WITH RECURSIVE path (id) AS (
    SELECT id FROM messages WHERE chat_id = ? AND parent_id IS NULL AND shown
    UNION ALL
    SELECT m.id FROM messages m JOIN path p ON m.parent_id = p.id WHERE m.shown
)
SELECT id FROM path ORDER BY id
"""
_UP = """
WITH RECURSIVE up (id, chat_id, parent_id) AS (
    SELECT id, chat_id, parent_id FROM messages WHERE id = ?
    UNION ALL
    SELECT m.id, m.chat_id, m.parent_id FROM messages m JOIN up ON m.id = up.parent_id
)
SELECT id, chat_id FROM up ORDER BY id
"""
_COPIED = "chat_id, role, text, thinking, status, calls, notice, figures, created, parent_id"


def path_ids(db: sqlite_utils.Database, chat_id: int) -> list[int]:
    """The ids of the messages that are shown, oldest first."""
    return [row["id"] for row in db.query(_PATH, [chat_id])]


def up_from(db: sqlite_utils.Database, message_id: int) -> tuple[int, list[int]]:
    """A message's chat, and the ids from the first message to it; KnownError if it is gone."""
    try:
        rows = list(db.query(_UP, [message_id]))
    except OverflowError:  # a number that no row can have
        rows = []
    if not rows:
        raise KnownError("This message is not there any more.")
    return rows[-1]["chat_id"], [row["id"] for row in rows]


def add(
    db: sqlite_utils.Database, chat_id: int | None, beside: int | None, row: Mapping[str, Any]
) -> int:
    """Store a message at the end of a chat's path, or beside another one; returns its id.

    Raises KnownError if the chat or the other message is gone.
    """
    parent: int | None = None
    if beside is not None:
        chat_id, ids = up_from(db, beside)
        show(db, beside)
        parent = ids[-2] if len(ids) > 1 else None
        _hide(db, chat_id, parent)
    assert chat_id is not None
    sql = "UPDATE chats SET updated = ? WHERE id = ?"
    change_one(db, sql, [row["created"], chat_id], "chat")
    if beside is None:
        parent = next(reversed(path_ids(db, chat_id)), None)
    return insert(db, "messages", {**row, "chat_id": chat_id, "parent_id": parent})


def show(db: sqlite_utils.Database, message_id: int) -> int:
    """Lead the path through a message; returns its chat. KnownError if it is gone."""
    chat_id, ids = up_from(db, message_id)
    for parent, one in zip((None, *ids), ids, strict=False):
        _hide(db, chat_id, parent)
        db.execute("UPDATE messages SET shown = 1 WHERE id = ?", [one])
    return chat_id


def copy(db: sqlite_utils.Database, message_id: int, title: str, now: str) -> int:
    """Store a new chat with a message and all that lead to it; returns its id."""
    chat_id, ids = up_from(db, message_id)
    (chat,) = db.query("SELECT model, preset FROM chats WHERE id = ?", [chat_id])
    new_chat = insert(db, "chats", {"title": title, "created": now, "updated": now, **chat})
    parent: int | None = None
    for one in ids:
        (row,) = db.query(f"SELECT {_COPIED} FROM messages WHERE id = ?", [one])
        status = "stopped" if row["status"] == "streaming" else row["status"]
        changed = {"chat_id": new_chat, "parent_id": parent, "status": status}
        parent = insert(db, "messages", row | changed)
        db.execute(
            "INSERT INTO cards (message_id, card) "
            "SELECT ?, card FROM cards WHERE message_id = ? ORDER BY id",
            [parent, one],
        )
    return new_chat


def _hide(db: sqlite_utils.Database, chat_id: int, parent: int | None) -> None:
    """Take all that follow a message off the path."""
    db.execute(
        "UPDATE messages SET shown = 0 WHERE chat_id = ? AND parent_id IS ?", [chat_id, parent]
    )
