"""Price alerts and the record of when they fired."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlite_utils

from engine.core.money import to_text
from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one, insert

AlertCondition = Literal["above", "below", "up_percent", "down_percent"]

SIMULATED_MARK = "(simulated)"
"""Stands in the text of a firing on a price of the demo."""

# Made beside the demo, and no price but the demo's is there for them.
_OF_THE_DEMO = """
DELETE FROM alerts
WHERE created >= (SELECT min(created) FROM batches WHERE simulated = 1)
  AND NOT EXISTS (
    SELECT 1 FROM prices p JOIN batches b ON b.id = p.batch_id
    WHERE p.asset = alerts.asset AND b.simulated = 0)
"""
_RANG_IN_THE_DEMO = "SELECT alert_id FROM alert_history WHERE instr(text, :mark)"
# As they were before: after the last firing that is left, if there is one.
_UNRING = f"""
UPDATE alerts SET (armed, last_fired) = (
    SELECT max(fired) IS NULL, max(fired) FROM alert_history
    WHERE alert_id = alerts.id AND NOT instr(text, :mark))
WHERE id IN ({_RANG_IN_THE_DEMO})
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A watch on one asset; value is a price in `currency`, or per cent for a move.

    An alert that fired is not armed until its condition has cleared.
    """

    id: int
    asset: str
    condition: AlertCondition
    value: Decimal
    currency: str
    created: datetime
    armed: bool
    last_fired: datetime | None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One firing; alert_id is None once the alert is deleted."""

    id: int
    alert_id: int | None
    fired: datetime
    text: str


# Inside the class the name `list` is the method.
History = list[AlertEvent]


class AlertRepo:
    """Stores alerts and their history."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, asset: str, condition: AlertCondition, value: Decimal, currency: str) -> int:
        """Store a new, armed alert; returns its id."""
        row = {
            "asset": asset,
            "condition": condition,
            "value": to_text(value),
            "currency": currency,
            "created": codec.time_text(self._db.clock.now()),
        }
        return self._db.run(lambda db: insert(db, "alerts", row))

    def list(self) -> list[Alert]:
        """All alerts, oldest first."""
        return self._db.run(
            lambda db: [_from_row(row) for row in db.query("SELECT * FROM alerts ORDER BY id")]
        )

    def delete(self, alert_id: int) -> None:
        """Delete an alert, keeping its history; KnownError if it is gone."""
        sql = "DELETE FROM alerts WHERE id = ?"
        self._db.run(lambda db: change_one(db, sql, [alert_id], "alert"))

    def mark_fired(self, alert_id: int, when: datetime, text: str) -> bool:
        """Disarm an armed alert and record the firing; False, and nothing done, if not armed."""

        def mark(db: sqlite_utils.Database) -> bool:
            fired = codec.time_text(when)
            changed = db.execute(
                "UPDATE alerts SET armed = 0, last_fired = ? WHERE id = ? AND armed = 1",
                [fired, alert_id],
            )
            if changed.rowcount != 1:
                return False
            row = {"alert_id": alert_id, "fired": fired, "text": text}
            insert(db, "alert_history", row)
            return True

        return self._db.run(mark)

    def rearm(self, alert_id: int) -> None:
        """Let an alert fire again; harmless if it is gone."""
        sql = "UPDATE alerts SET armed = 1 WHERE id = ?"
        self._db.run(lambda db: db.execute(sql, [alert_id]).rowcount)

    def history(self) -> History:
        """All firings, newest first."""
        return self._db.run(
            lambda db: [
                AlertEvent(row["id"], row["alert_id"], codec.time(row["fired"]), row["text"])
                for row in db.query("SELECT * FROM alert_history ORDER BY id DESC")
            ]
        )


def forget_demo(db: sqlite_utils.Database) -> None:
    """Delete the alerts made for the demo and every firing on its prices.

    To be called inside the transaction that deletes the demo, before its batches go.
    """
    db.execute(_OF_THE_DEMO)
    db.execute(_UNRING, {"mark": SIMULATED_MARK})
    db.execute("DELETE FROM alert_history WHERE instr(text, :mark)", {"mark": SIMULATED_MARK})


def _from_row(row: dict[str, Any]) -> Alert:
    fired = row["last_fired"]
    return Alert(
        **row
        | {
            "value": Decimal(row["value"]),
            "created": codec.time(row["created"]),
            "armed": bool(row["armed"]),
            "last_fired": None if fired is None else codec.time(fired),
        }
    )
