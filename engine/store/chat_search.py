"""Finding words in conversations: titles, texts and thinking, all branches."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlite_utils

from engine.store import codec
from engine.store.database import Database

MOST_WORDS = 16
"""Words of a search beyond these are left out."""

# What the index puts around a word it found; no text on the screen keeps these characters.
_ON, _OFF, _MORE = "\x02", "\x03", "…"
_SNIPPET_WORDS = 14
# Marks of Markdown that say nothing once the lines are one: tables, headings, emphasis, lists.
_MARKUP = re.compile(r":?-{3,}:?|[|`#]+|\*\*|(?<!\S)[*>-](?=\s)")
_BLANKS = re.compile(r"\s+")
_QUOTE = '"'

_MESSAGES = f"""
SELECT m.id, m.chat_id, c.title, m.role, m.created,
       snippet(message_search, 0, '{_ON}', '{_OFF}', '{_MORE}', {_SNIPPET_WORDS}) AS text,
       snippet(message_search, 1, '{_ON}', '{_OFF}', '{_MORE}', {_SNIPPET_WORDS}) AS thinking
FROM message_search JOIN messages m ON m.id = message_search.rowid JOIN chats c ON c.id = m.chat_id
WHERE message_search MATCH ? ORDER BY message_search.rowid DESC LIMIT ?
"""
_TITLES = f"""
SELECT c.id, highlight(chat_search, 0, '{_ON}', '{_OFF}') AS title, c.updated
FROM chat_search JOIN chats c ON c.id = chat_search.rowid
WHERE chat_search MATCH ? ORDER BY c.updated DESC, c.id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where the words were found; message_id 0: in the title of the chat.

    snippet: what stands there, on one line. marks: from where to where in it the words are.
    """

    chat_id: int
    message_id: int
    title: str
    where: Literal["title", "question", "answer", "thinking"]
    snippet: str
    marks: tuple[tuple[int, int], ...]
    time: datetime


class ChatSearch:
    """Searches all conversations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, words: str, most: int) -> list[Hit]:
        """Where all words stand, or words that begin with them: titles, then the newest messages.

        Case and accents make no difference, and no character has a meaning of its own.
        """
        query = match_of(words)
        if not query:
            return []

        def read(db: sqlite_utils.Database) -> list[Hit]:
            hits = [_title(row) for row in db.query(_TITLES, [query, most])]
            room = most - len(hits)
            return hits + [_message(row) for row in db.query(_MESSAGES, [query, room])]

        return self._db.run(read)


def match_of(words: str) -> str:
    """What the user typed as a query of FTS5: every word quoted, as a beginning; "" for none.

    Signs inside a word ("BTC/USD") are borders for the index, so its parts must follow each other.
    """
    # A NUL would end the query.
    found = [word for word in words.replace("\0", " ").split() if any(map(str.isalnum, word))]
    return " ".join(f'"{word.replace(_QUOTE, 2 * _QUOTE)}"*' for word in found[:MOST_WORDS])


def _title(row: dict[str, Any]) -> Hit:
    text, marks = _parted(row["title"])
    return Hit(row["id"], 0, text, "title", text, marks, codec.time(row["updated"]))


def _message(row: dict[str, Any]) -> Hit:
    in_text = _ON in row["text"]
    found = row["text"] if in_text else row["thinking"]
    if row["role"] == "assistant":
        found = _BLANKS.sub(" ", _MARKUP.sub(" ", found)).strip(" ")
    text, marks = _parted(found)
    where: Literal["question", "answer", "thinking"] = "thinking"
    if in_text:
        where = "question" if row["role"] == "user" else "answer"
    made = codec.time(row["created"])
    return Hit(row["chat_id"], row["id"], row["title"], where, text, marks, made)


def _parted(found: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A snippet without the signs around what was found, and where they were."""
    text, marks, begun = "", [], -1
    # Line breaks become blanks one by one, so that the places stay right.
    for one in found:
        if one == _ON:
            begun = len(text)
        elif one == _OFF:
            if begun >= 0:
                marks.append((begun, len(text)))
            begun = -1
        else:
            text += " " if one.isspace() else one
    return text, tuple(marks)
