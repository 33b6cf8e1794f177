"""What the user has decided about withdrawals and deposits that look like one transfer."""

from typing import Literal

import sqlite_utils

from engine.core.errors import KnownError
from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one

Pair = tuple[str, str]
"""The row hashes of a withdrawal and of a deposit; they outlive an import that is taken back."""

PairState = Literal["confirmed", "rejected"]

# Nobody can take a transfer apart of which only one row is left.
_LET_GO = """
DELETE FROM transfer_pairs
WHERE state = 'confirmed' AND (withdrawal = ?) <> (deposit = ?)
  AND (SELECT count(*) FROM transactions
       WHERE row_hash IN (withdrawal, deposit) AND NOT deleted) < 2
"""


class PairRepo:
    """Stores decisions; a row is in one confirmed pair at most."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[Pair, PairState]:
        """All decisions."""
        sql = "SELECT withdrawal, deposit, state FROM transfer_pairs"
        return self._db.run(
            lambda db: {(row["withdrawal"], row["deposit"]): row["state"] for row in db.query(sql)}
        )

    def confirm(self, pair: Pair) -> None:
        """The two are one transfer; KnownError if either belongs to another one.

        Another one of which a row is gone is forgotten.
        """

        def confirm(db: sqlite_utils.Database) -> None:
            db.execute(_LET_GO, pair)
            sql = (
                "SELECT count(*) FROM transfer_pairs WHERE state = 'confirmed' "
                "AND (withdrawal = ? OR deposit = ?) AND NOT (withdrawal = ? AND deposit = ?)"
            )
            (others,) = db.execute(sql, [*pair, *pair]).fetchone()
            if others:
                raise KnownError(
                    "One of the two already belongs to another transfer.",
                    "Take that transfer apart first.",
                )
            self._decide(db, pair, "confirmed")

        self._db.run(confirm)

    def reject(self, pair: Pair) -> None:
        """The two have nothing to do with each other."""
        self._db.run(lambda db: self._decide(db, pair, "rejected"))

    def forget(self, pair: Pair) -> None:
        """Take a decision back; KnownError if there is none."""
        sql = "DELETE FROM transfer_pairs WHERE withdrawal = ? AND deposit = ?"
        self._db.run(lambda db: change_one(db, sql, pair, "decision"))

    def _decide(self, db: sqlite_utils.Database, pair: Pair, state: PairState) -> None:
        db.execute(
            "INSERT OR REPLACE INTO transfer_pairs (withdrawal, deposit, state, decided) "
            "VALUES (?, ?, ?, ?)",
            [*pair, state, codec.time_text(self._db.clock.now())],
        )
