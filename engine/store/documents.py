"""Named JSON documents of a kind: what the user has set up, and no table is worth making for.

Whoever stores a kind owns the form of its body; KINDS names them all.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one

Kind = Literal[
    "importer",
    "cost_basis",
    "target",
    "scenario",
    "position",
    "scorecard",
    "node",
    "profile",
    "collection",
    "alerts",
    "source",
    "endpoint",
    "server",
    "adapters",
    "draft",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Body = Mapping[str, Any]


class DocumentRepo:
    """Stores, lists and deletes documents."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, kind: Kind, name: str, body: Body) -> None:
        """Store a document, in place of one of the same kind and name. body: JSON can hold it."""
        now = codec.time_text(self._db.clock.now())
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, sort_keys=True)
        sql = (
            "INSERT INTO documents (kind, name, body, created, updated) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, "
            "updated = excluded.updated"
        )
        self._db.run(lambda db: db.execute(sql, [kind, name, text, now, now]).rowcount)

    def get(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """The body of a document, or None."""
        return self.all(kind).get(name)

    def all(self, kind: Kind) -> dict[str, dict[str, Any]]:
        """All bodies of a kind by name, in the order of the names."""
        sql = "SELECT name, body FROM documents WHERE kind = ? ORDER BY name"
        return self._db.run(
            lambda db: {row["name"]: json.loads(row["body"]) for row in db.query(sql, [kind])}
        )

    def delete(self, kind: Kind, name: str) -> None:
        """Delete a document; KnownError if it is gone."""
        sql = "DELETE FROM documents WHERE kind = ? AND name = ?"
        self._db.run(lambda db: change_one(db, sql, [kind, name], kind))
