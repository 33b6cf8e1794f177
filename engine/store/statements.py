"""The kinds of writing the repositories share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlite_utils

from engine.core.errors import KnownError
from engine.core.steps import Step

T = TypeVar("T")

_STEP_ROWS = 1_000
_CACHE_KIB = 65_536
"""Memory for pages while many rows are written: else each is decrypted again for each row."""


def insert(db: sqlite_utils.Database, table: str, row: Mapping[str, object]) -> int:
    """Insert a row; returns the id it got."""
    return int(db.table(table).insert(dict(row)).last_rowid or 0)


def counted(rows: Sequence[T], step: Step) -> Iterator[T]:
    """The rows, telling now and then how many have been stored."""
    for number, one in enumerate(rows):
        if number % _STEP_ROWS == 0:
            step(number / len(rows), f"{number:,} of {len(rows):,} rows stored")
        yield one


def insert_many(
    db: sqlite_utils.Database,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    replace: bool = False,
) -> None:
    """Insert rows with these columns; replace: over rows of the same primary key.

    rows is read on the store thread, one by one as they are written.
    """
    verb = "INSERT OR REPLACE" if replace else "INSERT"
    places = ", ".join("?" * len(columns))
    (before,) = db.execute("PRAGMA cache_size").fetchone()
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    try:
        db.conn.executemany(f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
    finally:
        db.execute(f"PRAGMA cache_size = {before}")


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
