"""The two kinds of writing the repositories share."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlite_utils

from engine.core.errors import KnownError


def insert(db: sqlite_utils.Database, table: str, row: Mapping[str, object]) -> int:
    """Insert a row; returns the id it got."""
    return int(db.table(table).insert(dict(row)).last_rowid or 0)


def change_one(
    db: sqlite_utils.Database, sql: str, parameters: Sequence[str | int], what: str
) -> None:
    """Run a statement that must change exactly one row.

    what: the thing, for the KnownError raised if it is gone ("chat").
    """
    gone = KnownError(f"This {what} is not there any more.")
    try:
        cursor: Any = db.execute(sql, parameters)
    except OverflowError:  # a number that no row can have
        raise gone from None
    # Triggers and cascades are not counted.
    if cursor.rowcount != 1:
        raise gone
