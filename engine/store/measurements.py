"""Measured series that are not prices: yields, sentiment, health factors; one value per day.

As with prices, several imports may hold the same day; the later one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlite_utils

from engine.core.errors import KnownError
from engine.core.money import to_text
from engine.core.steps import Step, unwatched
from engine.store import batches, codec
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.statements import counted, insert_many

_COLUMNS = ("topic", "name", "field", "day", "rank", "batch_id", "value", "note")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one day: of a topic ("yield", "sentiment", "health"), about a name (a pool, a
    coin, a loan), in a field ("apy", "tvl", "score"); the unit is the field's."""

    topic: str
    name: str
    field: str
    day: date
    value: Decimal
    note: str = ""


class MeasurementRepo:
    """Stores imports of measurements and gives the series that count."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_batch(
        self,
        source: str,
        file_name: str,
        rows: Sequence[Measurement],
        step: Step = unwatched,
    ) -> int:
        """Store one import wholly or not at all; returns its id. KnownError without rows."""
        if not rows:
            raise KnownError("There are no values to store.")

        def add(db: sqlite_utils.Database) -> int:
            now = self._db.clock.now()
            batch_id = batches.add(db, "measurements", source, file_name, "", now, False)
            values = (_values(one, batch_id) for one in counted(rows, step))
            insert_many(db, "measurements", _COLUMNS, values, replace=True)
            return batch_id

        return self._db.run(add)

    def series(self, topic: str, name: str, field: str) -> list[Measurement]:
        """One series by day, one value per day."""
        # SQLite takes the other columns from the row that has the maximum.
        sql = (
            "SELECT *, max(rank) FROM measurements WHERE topic = ? AND name = ? AND field = ? "
            "GROUP BY day ORDER BY day"
        )
        return self._db.run(
            lambda db: [
                Measurement(
                    topic, name, field, codec.day(row["day"]), Decimal(row["value"]), row["note"]
                )
                for row in db.query(sql, [topic, name, field])
            ]
        )

    def names(self, topic: str) -> list[tuple[str, str]]:
        """All (name, field) pairs of a topic, sorted."""
        sql = "SELECT DISTINCT name, field FROM measurements WHERE topic = ? ORDER BY name, field"
        return self._db.run(lambda db: [tuple(row) for row in db.execute(sql, [topic]).fetchall()])

    def batches(self) -> list[Batch]:
        """All imports of measurements, newest first."""
        return self._db.run(lambda db: batches.listed(db, "measurements"))

    def undo(self, batch_id: int) -> None:
        """Delete one import with its rows; KnownError if there is no such import."""
        self._db.run(lambda db: batches.remove(db, "measurements", batch_id))


def _values(one: Measurement, batch_id: int) -> tuple[object, ...]:
    day = one.day.isoformat()
    return (one.topic, one.name, one.field, day, batch_id, batch_id, to_text(one.value), one.note)
