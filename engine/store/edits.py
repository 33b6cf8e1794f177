"""Single transactions added, changed and deleted by the user, each of which can be taken back."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlite_utils

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.store import batches, codec
from engine.store.database import Database
from engine.store.statements import insert
from engine.store.transactions import COLUMNS, from_row, to_columns

SOURCE = "Manual"
"""The source of the import that holds what the user has typed."""

Action = Literal["add", "edit", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: before is None for what was added, after for what was deleted."""

    id: int
    made: datetime
    action: Action
    before: Transaction | None
    after: Transaction | None


class EditRepo:
    """Changes transactions and keeps a journal, whose lines go with the import they are about."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, transaction: Transaction) -> int:
        """Store one transaction, under a hash of its own; returns its id."""

        def add(db: sqlite_utils.Database) -> int:
            batch_id = _manual_batch(db, self._db.clock.now())
            # No row of a file can be a duplicate of it.
            added = replace(transaction, row_hash=secrets.token_hex(32))
            columns = dict(zip(COLUMNS, to_columns(added, batch_id), strict=True))
            row_id = insert(db, "transactions", columns)
            self._note(db, row_id, "add", None, columns)
            return row_id

        return self._db.run(add)

    def edit(self, row_id: int, transaction: Transaction) -> None:
        """Put other values in a transaction's place; it keeps its import and its hash.

        Raises KnownError if it is gone.
        """

        def edit(db: sqlite_utils.Database) -> None:
            before = _columns(db, row_id)
            changed = replace(transaction, row_hash=before["row_hash"])
            values = to_columns(changed, before["batch_id"])
            after = dict(zip(COLUMNS, values, strict=True))
            if after == before:
                return
            _write(db, row_id, after)
            self._note(db, row_id, "edit", before, after)

        self._db.run(edit)

    def delete(self, row_id: int) -> None:
        """Take a transaction out; its hash stays known, so that importing does not bring it back.

        Raises KnownError if it is gone.
        """

        def delete(db: sqlite_utils.Database) -> None:
            before = _columns(db, row_id)
            db.execute("UPDATE transactions SET deleted = 1 WHERE id = ?", [row_id])
            self._note(db, row_id, "delete", before, None)

        self._db.run(delete)

    def undo(self, change_id: int | None = None) -> Change:
        """Take the last change back and return it.

        change_id: the change that must be the last, None for whichever is. Raises KnownError if
        there is none, if that one is gone, or if others have come after it.
        """

        def undo(db: sqlite_utils.Database) -> Change:
            row = next(db.query("SELECT * FROM changes ORDER BY id DESC LIMIT 1"), None)
            if change_id is not None and (row is None or row["id"] != change_id):
                raise _not_the_last(db, change_id)
            if row is None:
                raise KnownError("There is no change to take back.")
            row_id = row["transaction_id"]
            match row["action"]:
                case "add":
                    _remove(db, row_id)
                case "edit":
                    _write(db, row_id, json.loads(row["before"]))
                case "delete":
                    db.execute("UPDATE transactions SET deleted = 0 WHERE id = ?", [row_id])
            db.execute("DELETE FROM changes WHERE id = ?", [row["id"]])
            return _change(row)

        return self._db.run(undo)

    def history(self) -> list[Change]:
        """All changes, newest first."""
        sql = "SELECT * FROM changes ORDER BY id DESC"
        return self._db.run(lambda db: [_change(row) for row in db.query(sql)])

    def _note(
        self,
        db: sqlite_utils.Database,
        row_id: int,
        action: Action,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> None:
        row = {
            "made": codec.time_text(self._db.clock.now()),
            "transaction_id": row_id,
            "action": action,
            "before": None if before is None else json.dumps(before),
            "after": None if after is None else json.dumps(after),
        }
        insert(db, "changes", row)


def _not_the_last(db: sqlite_utils.Database, change_id: int) -> KnownError:
    """Why a change that is not the last cannot be taken back."""
    if any(row["id"] == change_id for row in db.query("SELECT id FROM changes")):
        return KnownError(
            "Other changes have come after this one.", "Take those back first, the newest first."
        )
    return KnownError("This change has been taken back already.")


def _columns(db: sqlite_utils.Database, row_id: int) -> dict[str, Any]:
    """What is stored of a transaction; KnownError if it is gone."""
    sql = f"SELECT {', '.join(COLUMNS)} FROM transactions WHERE id = ? AND NOT deleted"
    try:
        row = next(db.query(sql, [row_id]), None)
    except OverflowError:  # a number that no row can have
        row = None
    if row is None:
        raise KnownError("This transaction is not there any more.")
    return row


def _write(db: sqlite_utils.Database, row_id: int, columns: dict[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE transactions SET {names} WHERE id = ?", [*columns.values(), row_id])


def _manual_batch(db: sqlite_utils.Database, now: datetime) -> int:
    sql = "SELECT max(id) FROM batches WHERE kind = 'transactions' AND source = ? AND NOT simulated"
    (found,) = db.execute(sql, [SOURCE]).fetchone()
    return found or batches.add(db, "transactions", SOURCE, "", "", now, simulated=False)


def _remove(db: sqlite_utils.Database, row_id: int) -> None:
    """Delete a transaction that was added, and the import it was made in when that is empty."""
    (batch_id,) = db.execute("SELECT batch_id FROM transactions WHERE id = ?", [row_id]).fetchone()
    db.execute("DELETE FROM transactions WHERE id = ?", [row_id])
    db.execute(
        "DELETE FROM batches WHERE id = ? "
        "AND NOT EXISTS (SELECT 1 FROM transactions WHERE batch_id = batches.id)",
        [batch_id],
    )


def _change(row: dict[str, Any]) -> Change:
    def read(text: str | None) -> Transaction | None:
        if text is None:
            return None
        stored = json.loads(text)
        return from_row((row["transaction_id"], *(stored[name] for name in COLUMNS)))

    before, after = read(row["before"]), read(row["after"])
    return Change(row["id"], codec.time(row["made"]), row["action"], before, after)
