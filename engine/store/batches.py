"""The imports that transactions and prices came in; the two repositories share them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlite_utils

from engine.store import codec
from engine.store.statements import change_one, insert

BatchKind = Literal["transactions", "prices", "measurements", "nft_sales"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One import; rows is the number of its rows."""

    id: int
    source: str
    file_name: str
    created: datetime
    rows: int
    simulated: bool


def add(
    db: sqlite_utils.Database,
    kind: BatchKind,
    source: str,
    file_name: str,
    file_hash: str,
    created: datetime,
    simulated: bool,
) -> int:
    """Store a batch without rows; returns its id."""
    row = {
        "kind": kind,
        "source": source,
        "file_name": file_name,
        "file_hash": file_hash,
        "created": codec.time_text(created),
        "simulated": simulated,
    }
    return insert(db, "batches", row)


def listed(db: sqlite_utils.Database, kind: BatchKind) -> list[Batch]:
    """All batches of a kind, newest first."""
    rows = db.query(
        f"SELECT b.*, (SELECT count(*) FROM {kind} r WHERE r.batch_id = b.id) AS rows "
        "FROM batches b WHERE kind = ? ORDER BY id DESC",
        [kind],
    )
    return [
        Batch(
            row["id"],
            row["source"],
            row["file_name"],
            codec.time(row["created"]),
            row["rows"],
            bool(row["simulated"]),
        )
        for row in rows
    ]


def remove(db: sqlite_utils.Database, kind: BatchKind, batch_id: int) -> None:
    """Delete a batch and its rows; KnownError if there is no such batch."""
    sql = "DELETE FROM batches WHERE id = ? AND kind = ?"
    change_one(db, sql, [batch_id, kind], "import")
