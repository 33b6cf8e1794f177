"""The log of everything that was asked over the network."""

from dataclasses import asdict

import sqlite_utils

from engine.core.exchange import Exchange
from engine.store import codec
from engine.store.database import Database
from engine.store.statements import insert

KEPT = 10_000
"""The newest requests that are kept."""


class RequestRepo:
    """Stores requests and gives the newest."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @property
    def read_only(self) -> bool:
        """Whether nothing can be stored."""
        return bool(self._db.read_only)

    def add(self, exchange: Exchange) -> int:
        """Store a request, and forget the oldest beyond KEPT; returns its number."""
        row = asdict(exchange) | {"made": codec.time_text(exchange.made)}

        def add(db: sqlite_utils.Database) -> int:
            number = insert(db, "requests", row)
            db.execute("DELETE FROM requests WHERE id <= ?", [number - KEPT])
            return number

        return self._db.run(add)

    def newest(self, limit: int = 100) -> list[Exchange]:
        """The newest requests, newest first."""
        sql = (
            "SELECT made, source, url, outcome, sent_bytes, received_bytes, milliseconds "
            "FROM requests ORDER BY id DESC LIMIT ?"
        )
        return self._db.run(
            lambda db: [
                Exchange(**row | {"made": codec.time(row["made"])})
                for row in db.query(sql, [limit])
            ]
        )

    def clear(self) -> None:
        """Forget all requests."""
        self._db.run(lambda db: db.execute("DELETE FROM requests").rowcount)
