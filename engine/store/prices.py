"""Daily prices, of which several imports may hold the same day.

The later import counts, and a real one before any simulated one. Rows that do not count stay
stored, so that undoing the import that covers them brings them back.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlite_utils

from engine.core.errors import KnownError
from engine.core.money import to_text
from engine.core.records import PricePoint
from engine.core.steps import Step, unwatched
from engine.store import batches, codec
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.statements import counted, insert_many

# Real batches rank above all simulated ones.
_REAL = 1 << 40
_DECIMALS = ("open", "high", "low", "volume")
_COLUMNS = ("asset", "currency", "day", "rank", "batch_id", "close", "source", *_DECIMALS)


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
            values = (_values(point, batch_id, rank) for point in counted(rows, step))
            insert_many(db, "prices", _COLUMNS, values, replace=True)
            return batch_id

        return self._db.run(add)

    def series(self, asset: str, currency: str) -> list[PricePoint]:
        """The prices of an asset in a currency by day, one per day."""
        # SQLite takes the other columns from the row that has the maximum.
        return self._points(
            "SELECT *, max(rank) FROM prices WHERE asset = ? AND currency = ? "
            "GROUP BY day ORDER BY day",
            [asset, currency],
        )

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
        return self._db.run(lambda db: [_from_row(row) for row in db.query(sql, parameters)])


def _values(point: PricePoint, batch_id: int, rank: int) -> tuple[object, ...]:
    return (
        point.asset,
        point.currency,
        point.day.isoformat(),
        rank,
        batch_id,
        to_text(point.close),
        point.source,
        *(codec.amount_text(getattr(point, name)) for name in _DECIMALS),
    )


def _from_row(row: dict[str, Any]) -> PricePoint:
    return PricePoint(
        asset=row["asset"],
        currency=row["currency"],
        day=codec.day(row["day"]),
        close=Decimal(row["close"]),
        source=row["source"],
        **{name: codec.amount(row[name]) for name in _DECIMALS},
    )
