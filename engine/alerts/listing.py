"""Alerts and their history as they are shown: a stored rule read, with how it stands."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from engine.alerts.conditions import Condition
from engine.alerts.evidence import evidence_from_json
from engine.alerts.firing import DataRow
from engine.alerts.rule import Rule
from engine.alerts.rulejson import rule_from_json
from engine.core.errors import KnownError
from engine.store.rules import StoredFiring, StoredRule

_log = logging.getLogger(__name__)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

State = Literal["watching", "paused", "ended"]
Phase = Literal["armed", "fired", "waiting", "paused", "ended"]
"""fired: its condition still holds. waiting: its cooldown is not over, or the user is not told yet.
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule and how it stands. ended: it fires no more, because it fired and does so only once, or
    is past its last day. text: the rule as JSON."""

    id: int
    rule: Rule
    text: str
    created: datetime
    state: State
    last_fired: datetime | None

    @property
    def title(self) -> str:
        """The name the user gave it, else its condition in words."""
        return self.rule.title()

    @property
    def condition(self) -> Condition:
        """What it watches."""
        return self.rule.condition


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One firing. day: of the data; fired: when it was noticed. rows: the data that made it. told:
    when the user was told of it, None while that waits."""

    id: int
    alert_id: int | None
    day: date
    fired: datetime
    title: str
    text: str
    priority: str
    rows: tuple[DataRow, ...]
    simulated: bool
    told: datetime | None


def phase_of(alert: Alert, holds: bool, untold: bool, today: date) -> Phase:
    """What an alert does now. untold: a firing of it waits to be told."""
    if alert.state != "watching":
        return alert.state
    fired = alert.last_fired
    if untold or (fired and (today - fired.date()).days < alert.rule.cooldown_days):
        return "waiting"
    return "fired" if holds else "armed"


def read_rule(stored: StoredRule) -> Rule | None:
    """The rule, watched since the stored moment; None, and a line in the log, if this version
    cannot read it."""
    try:
        # A rule made while the clock was ahead may well end before that.
        rule = rule_from_json(stored.rule, stored.id, _LONG_AGO)
    except KnownError as error:
        _log.warning("alert %d cannot be read: %s", stored.id, error.sentence)
        return None
    return replace(rule, created=stored.since)


def read_alerts(stored: Sequence[StoredRule], today: date) -> list[Alert]:
    """The alerts that can be read."""
    found = []
    for one in stored:
        rule = read_rule(one)
        if rule is not None:
            state = _state(one, rule, today)
            found.append(Alert(one.id, rule, one.rule, one.created, state, one.last_fired))
    return found


def read_firing(stored: StoredFiring) -> FiredAlert:
    """The firing with its rows."""
    return FiredAlert(
        stored.id,
        stored.rule_id,
        stored.day,
        stored.fired,
        stored.title,
        stored.text,
        stored.priority,
        evidence_from_json(stored.evidence),
        stored.simulated,
        stored.told,
    )


def _state(stored: StoredRule, rule: Rule, today: date) -> State:
    if rule.expires is not None and rule.expires < today:
        return "ended"
    if rule.once and stored.last_fired is not None:
        return "ended"
    return "paused" if stored.paused else "watching"
