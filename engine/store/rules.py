"""Alert rules and the record of what they fired.

What a rule says is the business of whoever evaluates it; here it is a text. Firings are recorded
before they are told, and marked when they have been.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlite_utils

from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one, insert

# Made beside the demo, and no price but the demo's is there for their assets.
_OF_THE_DEMO = """
DELETE FROM rules
WHERE created >= (SELECT min(created) FROM batches WHERE simulated = 1)
  AND json_array_length(assets) > 0
  AND NOT EXISTS (
    SELECT 1 FROM json_each(rules.assets) a JOIN prices p ON p.asset = a.value
    JOIN batches b ON b.id = p.batch_id WHERE b.simulated = 0)
"""
_RULES = (
    "SELECT r.*, (SELECT max(fired) FROM firings WHERE rule_id = r.id) AS last_fired FROM rules r"
)
# A rule that is gone, or no longer says the same, fires nothing.
_RECORD = """
INSERT OR IGNORE INTO firings
    (rule_id, day, key, fired, title, text, priority, evidence, simulated)
SELECT id, :day, :key, :fired, :title, :text, :priority, :evidence, :simulated
FROM rules WHERE id = :rule_id AND rule = :rule AND NOT paused
"""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as a text; assets: what it is about. since: the moment from which it is watched, later
    than `created` if it was changed or paused. last_fired: when a firing was recorded last."""

    id: int
    rule: str
    assets: tuple[str, ...]
    created: datetime
    since: datetime
    paused: bool
    last_fired: datetime | None


@dataclass(frozen=True, slots=True)
class NewFiring:
    """A firing to record, of the rule that says `rule`; with the rule's id, key tells it from every
    other. evidence: JSON. simulated: the demo's data made it."""

    rule_id: int
    rule: str
    day: date
    key: str
    title: str
    text: str
    priority: str
    evidence: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class StoredFiring:
    """A recorded firing; rule_id is None once its rule is deleted or changed. told: when the user
    was told, if so."""

    id: int
    rule_id: int | None
    day: date
    fired: datetime
    title: str
    text: str
    priority: str
    evidence: str
    simulated: bool
    told: datetime | None


@dataclass(frozen=True, slots=True)
class DeletedRule:
    """A rule as it was when it was deleted, and the ids of what it had fired."""

    rule: StoredRule
    firings: tuple[int, ...]


# Inside the class the name `list` is the method.
Firings = list[StoredFiring]
Keys = list[tuple[int, date, str]]


class RuleRepo:
    """Stores rules and firings."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, rule: str, assets: Sequence[str]) -> int:
        """Store a new rule, watched from now on; returns its id."""
        now = codec.time_text(self._db.clock.now())
        row = {"rule": rule, "assets": json.dumps(assets), "created": now, "since": now}
        return self._db.run(lambda db: insert(db, "rules", row))

    def list(self) -> list[StoredRule]:
        """All rules, oldest first."""
        return self._db.run(lambda db: [_rule(row) for row in db.query(f"{_RULES} ORDER BY id")])

    def replace(self, rule_id: int, rule: str, assets: Sequence[str], anew: bool) -> None:
        """Change what a rule says; KnownError if it is gone.

        anew: watch it as if made now; what it fired stays in the history and is its no more.
        """
        now = codec.time_text(self._db.clock.now())

        def change(db: sqlite_utils.Database) -> None:
            sql = "UPDATE rules SET rule = ?, assets = ? WHERE id = ?"
            change_one(db, sql, [rule, json.dumps(assets), rule_id], "alert")
            if anew:
                db.execute("UPDATE rules SET since = ? WHERE id = ?", [now, rule_id])
                db.execute("UPDATE firings SET rule_id = NULL WHERE rule_id = ?", [rule_id])

        self._db.run(change)

    def delete(self, rule_id: int) -> DeletedRule:
        """Delete a rule, keeping its history; KnownError if it is gone."""

        def delete(db: sqlite_utils.Database) -> DeletedRule:
            rules = [_rule(row) for row in db.query(_RULES) if row["id"] == rule_id]
            sql = "SELECT id FROM firings WHERE rule_id = ?"
            fired = [id for one in rules for (id,) in db.execute(sql, [one.id]).fetchall()]
            change_one(db, "DELETE FROM rules WHERE id = ?", [rule_id], "alert")
            return DeletedRule(rules[0], tuple(fired))

        return self._db.run(delete)

    def restore(self, deleted: DeletedRule) -> None:
        """Bring a deleted rule back as it was, with what it had fired; harmless if it is there."""
        rule = deleted.rule
        row = {
            "id": rule.id,
            "rule": rule.rule,
            "assets": json.dumps(rule.assets),
            "created": codec.time_text(rule.created),
            "since": codec.time_text(rule.since),
            "paused": rule.paused,
        }

        def restore(db: sqlite_utils.Database) -> None:
            db.table("rules").insert(row, ignore=True)
            sql = "UPDATE firings SET rule_id = ? WHERE id IN (SELECT value FROM json_each(?))"
            db.execute(sql, [rule.id, json.dumps(deleted.firings)])

        self._db.run(restore)

    def pause(self, rule_id: int) -> None:
        """Watch a rule no more until it is resumed; KnownError if it is gone."""
        sql = "UPDATE rules SET paused = 1 WHERE id = ?"
        self._db.run(lambda db: change_one(db, sql, [rule_id], "alert"))

    def resume(self, rule_id: int) -> None:
        """Watch a paused rule again, from now on; KnownError if it is gone."""
        now = codec.time_text(self._db.clock.now())
        sql = "UPDATE rules SET since = iif(paused, ?, since), paused = 0 WHERE id = ?"
        self._db.run(lambda db: change_one(db, sql, [now, rule_id], "alert"))

    def record(self, found: Sequence[NewFiring]) -> Firings:
        """Record firings in one transaction; returns those that were not recorded before.

        Those of rules that are paused, gone or changed meanwhile are left out.
        """
        fired = codec.time_text(self._db.clock.now())

        def record(db: sqlite_utils.Database) -> Firings:
            (before,) = db.execute("SELECT coalesce(max(id), 0) FROM firings").fetchone()
            for one in found:
                db.execute(_RECORD, _values(one) | {"fired": fired})
            sql = "SELECT * FROM firings WHERE id > ? ORDER BY id"
            return [_firing(row) for row in db.query(sql, [before])]

        return self._db.run(record)

    def untold(self) -> Firings:
        """The firings that the user has not been told of, oldest first.

        Not those of rules that are deleted or changed meanwhile.
        """
        sql = "SELECT * FROM firings WHERE told IS NULL AND rule_id IS NOT NULL ORDER BY id"
        return self._db.run(lambda db: [_firing(row) for row in db.query(sql)])

    def mark_told(self, firing_ids: Sequence[int]) -> None:
        """Note that the user has been told of firings now."""
        now, ids = codec.time_text(self._db.clock.now()), json.dumps(list(firing_ids))
        sql = "UPDATE firings SET told = ? WHERE id IN (SELECT value FROM json_each(?))"
        self._db.run(lambda db: db.execute(sql, [now, ids]).rowcount)

    def history(self, limit: int) -> Firings:
        """The last firings, newest first."""
        sql = "SELECT * FROM firings ORDER BY id DESC LIMIT ?"
        return self._db.run(lambda db: [_firing(row) for row in db.query(sql, [limit])])

    def newer(self, firing_id: int) -> int:
        """How many firings were recorded after one."""
        sql = "SELECT count(*) FROM firings WHERE id > ?"
        return self._db.run(lambda db: int(db.execute(sql, [firing_id]).fetchone()[0]))

    def recorded(self) -> Keys:
        """Rule, day and key of every firing of the rules that are there."""
        sql = "SELECT rule_id, day, key FROM firings WHERE rule_id IS NOT NULL"
        return self._db.run(
            lambda db: [
                (rule_id, codec.day(day), key) for rule_id, day, key in db.execute(sql).fetchall()
            ]
        )


def forget_demo(db: sqlite_utils.Database) -> None:
    """Delete the rules made for the demo and every firing on its data.

    To be called inside the transaction that deletes the demo, before its batches go.
    """
    db.execute(_OF_THE_DEMO)
    db.execute("DELETE FROM firings WHERE simulated = 1")


def _values(one: NewFiring) -> dict[str, Any]:
    return {
        "rule_id": one.rule_id,
        "rule": one.rule,
        "day": one.day.isoformat(),
        "key": one.key,
        "title": one.title,
        "text": one.text,
        "priority": one.priority,
        "evidence": one.evidence,
        "simulated": one.simulated,
    }


def _rule(row: dict[str, Any]) -> StoredRule:
    fired = row["last_fired"]
    return StoredRule(
        row["id"],
        row["rule"],
        tuple(json.loads(row["assets"])),
        codec.time(row["created"]),
        codec.time(row["since"]),
        bool(row["paused"]),
        None if fired is None else codec.time(fired),
    )


def _firing(row: dict[str, Any]) -> StoredFiring:
    told = row["told"]
    return StoredFiring(
        row["id"],
        row["rule_id"],
        codec.day(row["day"]),
        codec.time(row["fired"]),
        row["title"],
        row["text"],
        row["priority"],
        row["evidence"],
        bool(row["simulated"]),
        None if told is None else codec.time(told),
    )
