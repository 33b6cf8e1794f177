"""Daily prices, of which several imports may hold the same day.

The later import counts, a real one before any simulated one, and what the user has entered before
all imports. Rows that do not count stay stored, so that undoing what covers them brings them back.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlite_utils

from engine.core.errors import KnownError
from engine.core.records import MANUAL, PricePoint
from engine.core.steps import Step, unwatched
from engine.store import batches, codec, price_rows
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.statements import change_one, counted, insert_many

MANUAL_BATCH = "Manual prices"
"""The source of the one batch that holds what the user has entered."""
KEPT_UP = "kept up to date"
"""Stands for the file of a batch that refreshes add to."""

# Real batches rank above all simulated ones, and the user's own above those.
_REAL = 1 << 40
_USER = 1 << 41


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One stored series: its first and last day, its days with a price, and where they are from."""

    asset: str
    currency: str
    first: date
    last: date
    count: int
    sources: tuple[str, ...]


Bars = list[tuple[str, str, str | None, str | None, str]]


class PriceRepo:
    """Stores imports of daily prices and gives the series that counts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_batch(
        self,
        source: str,
        file_name: str,
        rows: Sequence[PricePoint],
        simulated: bool = False,
        step: Step = unwatched,
    ) -> int:
        """Store one import wholly or not at all; returns the id of the batch.

        Of several rows for the same asset, currency and day the last counts. step: told on the
        store thread how far it is.
        Raises KnownError if there are no rows.
        """
        if not rows:
            raise KnownError("There are no prices to store.")

        def add(db: sqlite_utils.Database) -> int:
            batch_id = batches.add(
                db, "prices", source, file_name, "", self._db.clock.now(), simulated
            )
            rank = batch_id if simulated else batch_id + _REAL
            values = (price_rows.values(point, batch_id, rank) for point in counted(rows, step))
            insert_many(db, "prices", price_rows.COLUMNS, values, replace=True)
            return batch_id

        return self._db.run(add)

    def add_user(self, points: Sequence[PricePoint]) -> int:
        """Store prices or rates the user has entered, in place of those entered before for the
        same days; returns the id of the batch of all of them. KnownError if there are none."""
        if not points:
            raise KnownError("There are no prices to store.")

        def add(db: sqlite_utils.Database) -> int:
            found = _manual_batch(db)
            batch_id = (
                batches.add(db, "prices", MANUAL_BATCH, "", "", self._db.clock.now(), False)
                if found is None
                else found
            )
            entered = (replace(point, source=MANUAL) for point in points)
            values = (price_rows.values(point, batch_id, _USER) for point in entered)
            insert_many(db, "prices", price_rows.COLUMNS, values, replace=True)
            return batch_id

        return self._db.run(add)

    def keep_up(self, source: str, rows: Sequence[PricePoint]) -> int:
        """Add rows to the import that a source's refreshes share; returns its id.

        A new one begins once another import has come, which would count before the old one. Of
        what several sources have refreshed the last written counts: it takes the place of what
        would cover it. KnownError if there are no rows.
        """
        if not rows:
            raise KnownError("There are no prices to store.")

        def add(db: sqlite_utils.Database) -> int:
            sql = (
                "SELECT max(id) FROM batches WHERE kind = 'prices' AND source = ? "
                "AND file_name = ? AND id > (SELECT coalesce(max(id), 0) FROM batches "
                "WHERE kind = 'prices' AND file_name != ? AND source != ? AND simulated = 0)"
            )
            parameters = [source, KEPT_UP, KEPT_UP, MANUAL_BATCH]
            batch_id = db.execute(sql, parameters).fetchone()[0] or batches.add(
                db, "prices", source, KEPT_UP, "", self._db.clock.now(), False
            )
            values = (price_rows.values(point, batch_id, batch_id + _REAL) for point in rows)
            insert_many(db, "prices", price_rows.COLUMNS, values, replace=True)
            _uncover(db, int(batch_id), rows)
            return int(batch_id)

        return self._db.run(add)

    def delete_user(self, asset: str, currency: str, day: date) -> None:
        """Delete what the user has entered for a day; KnownError if there is nothing."""

        def delete(db: sqlite_utils.Database) -> None:
            sql = "DELETE FROM prices WHERE asset = ? AND currency = ? AND day = ? AND rank = ?"
            change_one(db, sql, [asset, currency, day.isoformat(), _USER], "manual price")
            batch_id = _manual_batch(db)
            sql = "SELECT 1 FROM prices WHERE batch_id = ? LIMIT 1"
            if batch_id is not None and not db.execute(sql, [batch_id]).fetchone():
                batches.remove(db, "prices", batch_id)

        self._db.run(delete)

    def series_list(self) -> list[SeriesInfo]:
        """All series by asset and currency; sources are those of the prices that count."""
        # SQLite takes the other columns from the row that has the maximum.
        sql = (
            "SELECT asset, currency, min(day) AS first, max(day) AS last, count(*) AS count, "
            "json_group_array(DISTINCT source) AS sources FROM ("
            "SELECT asset, currency, day, source, max(rank) FROM prices "
            "GROUP BY asset, currency, day) GROUP BY asset, currency ORDER BY asset, currency"
        )
        return self._db.run(
            lambda db: [
                SeriesInfo(
                    row["asset"],
                    row["currency"],
                    codec.day(row["first"]),
                    codec.day(row["last"]),
                    row["count"],
                    tuple(sorted(json.loads(row["sources"]))),
                )
                for row in db.query(sql)
            ]
        )

    def series(self, asset: str, currency: str) -> list[PricePoint]:
        """The prices of an asset in a currency by day, one per day."""
        # SQLite takes the other columns from the row that has the maximum.
        return self._points(
            "SELECT *, max(rank) FROM prices WHERE asset = ? AND currency = ? "
            "GROUP BY day ORDER BY day",
            [asset, currency],
        )

    def bars(self, asset: str, currency: str, since: date) -> Bars:
        """The prices on and after a day as they are stored: (day, close, high, low, source).

        For whoever looks at very many: a third of the time and a tenth of the memory of series().
        """
        sql = (
            "SELECT day, close, high, low, source, max(rank) FROM prices "
            "WHERE asset = ? AND currency = ? AND day >= ? GROUP BY day ORDER BY day"
        )
        parameters = [asset, currency, since.isoformat()]
        return self._db.run(lambda db: [row[:5] for row in db.execute(sql, parameters).fetchall()])

    def currencies(self, asset: str) -> set[str]:
        """The currencies in which an asset has prices."""
        sql = "SELECT DISTINCT currency FROM prices WHERE asset = ?"
        return self._db.run(lambda db: {row[0] for row in db.execute(sql, [asset]).fetchall()})

    def last(self, asset: str, currency: str, on: date) -> PricePoint | None:
        """The newest price on or before a day, or None."""
        points = self._points(
            "SELECT * FROM prices WHERE asset = ? AND currency = ? AND day <= ? "
            "ORDER BY day DESC, rank DESC LIMIT 1",
            [asset, currency, on.isoformat()],
        )
        return points[0] if points else None

    def assets(self) -> set[str]:
        """All assets that have a price."""
        return self._db.run(
            lambda db: {row["asset"] for row in db.query("SELECT DISTINCT asset FROM prices")}
        )

    def batches(self) -> list[Batch]:
        """All imports of prices, newest first."""
        return self._db.run(lambda db: batches.listed(db, "prices"))

    def undo(self, batch_id: int) -> None:
        """Delete one import with its rows; KnownError if there is no such import."""
        self._db.run(lambda db: batches.remove(db, "prices", batch_id))

    def _points(self, sql: str, parameters: list[str]) -> list[PricePoint]:
        return self._db.run(lambda db: [price_rows.read(row) for row in db.query(sql, parameters)])


def _manual_batch(db: sqlite_utils.Database) -> int | None:
    sql = "SELECT id FROM batches WHERE kind = 'prices' AND source = ? AND simulated = 0"
    row = db.execute(sql, [MANUAL_BATCH]).fetchone()
    return None if row is None else int(row[0])


def _uncover(db: sqlite_utils.Database, batch_id: int, rows: Sequence[PricePoint]) -> None:
    """Delete what the refreshes of other sources hold of the same days and would count before."""
    others = "SELECT id FROM batches WHERE kind = 'prices' AND file_name = ? AND id > ?"
    sql = (
        "DELETE FROM prices WHERE asset = ? AND currency = ? AND day = ? "
        f"AND batch_id IN ({others})"
    )
    db.conn.executemany(
        sql, [(row.asset, row.currency, row.day.isoformat(), KEPT_UP, batch_id) for row in rows]
    )
    held = "SELECT 1 FROM prices WHERE prices.batch_id = batches.id"
    db.execute(
        f"DELETE FROM batches WHERE id IN ({others}) AND NOT EXISTS ({held})", [KEPT_UP, batch_id]
    )
