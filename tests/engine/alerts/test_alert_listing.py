"""Alerts as they are shown, the simple ones one asks for, and the rows behind a firing."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.alerts.conditions import AllOf, assets_of
from engine.alerts.evidence import evidence_from_json, evidence_to_json
from engine.alerts.firing import DataRow
from engine.alerts.listing import read_alerts, read_firing, read_rule
from engine.alerts.panel import SeriesId
from engine.alerts.rule import Rule
from engine.alerts.rulejson import rule_to_json
from engine.alerts.simple import SimpleCondition, simple_check, simple_of
from engine.core.errors import KnownError
from engine.store.rules import StoredFiring, StoredRule
from tests.engine.alerts.alert_data import above, check

MADE = datetime(2024, 1, 10, 12, tzinfo=UTC)


def stored(text: str, paused: bool = False, fired: datetime | None = None) -> StoredRule:
    return StoredRule(3, text, (), MADE, MADE + timedelta(1), paused, fired)


def text(**more: object) -> str:
    return rule_to_json(Rule(0, MADE, above("100"), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (stored(text()), "watching"),
        (stored(text(), fired=MADE), "watching"),
        (stored(text(), paused=True), "paused"),
        (stored(text(once=True)), "watching"),
        (stored(text(once=True), fired=MADE), "ended"),
        (stored(text(expires=date(2024, 1, 12))), "watching"),
        (stored(text(expires=date(2024, 1, 11)), paused=True), "ended"),
    ],
)
def test_how_an_alert_stands(rule: StoredRule, state: str) -> None:
    (alert,) = read_alerts([rule], date(2024, 1, 12))
    assert (alert.id, alert.title, alert.state) == (3, "BTC above $100.00", state)


def test_a_rule_is_watched_since_it_was_changed_or_resumed() -> None:
    rule = read_rule(stored(text(expires=date(2024, 1, 10))))
    assert rule is not None
    assert rule.created == MADE + timedelta(1)


def test_an_alert_made_while_the_clock_was_ahead_may_end_before_that() -> None:
    (alert,) = read_alerts([stored(text(expires=date(2023, 6, 1)))], date(2023, 5, 1))
    assert (alert.state, alert.rule.expires) == ("watching", date(2023, 6, 1))


@pytest.mark.logs("cannot be read")
def test_what_cannot_be_read_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert read_alerts([stored("{}"), stored(text())], MADE.date())[0].rule.condition == above(
        "100"
    )
    assert "alert 3 cannot be read" in caplog.text


@pytest.mark.parametrize(
    ("condition", "value", "title"),
    [
        ("above", "100.125", "BTC above $100.125"),
        ("below", "0.00012345", "BTC below $0.00012345"),
        ("up_percent", "12.5", "BTC up 12.5 % in 24 h"),
        ("down_percent", "100", "BTC down 100 % in 24 h"),
    ],
)
def test_the_alerts_one_asks_for(condition: SimpleCondition, value: str, title: str) -> None:
    made = simple_check("BTC", condition, Decimal(value), "USD")
    assert Rule(1, MADE, made).title() == title
    assert simple_of(made) == (condition, Decimal(value))
    assert simple_of(AllOf((made,))) is None
    assert simple_of(check("move", asset="BTC", direction="up", percent="1", days="2")) is None


def test_alerts_that_make_no_sense() -> None:
    for condition, value in (("above", "0"), ("up_percent", "-5"), ("down_percent", "101")):
        with pytest.raises(KnownError):
            simple_check("BTC", condition, Decimal(value), "USD")  # type: ignore[arg-type]


def test_which_assets_a_condition_is_about() -> None:
    weight = check("weight", asset="SOL", target="10", points="5")
    stale = check("stale", topic="yield", name="lp/USD")
    assert assets_of(AllOf((above("1", "ETH"), weight, stale))) == ("ETH", "SOL")
    assert assets_of(check("stale", name="BTC/USD")) == ("BTC",)


def test_the_rows_behind_a_firing_are_kept() -> None:
    rows = (
        DataRow(SeriesId("price", "BTC/USD"), MADE.date(), 0.1, 0.3, math.nan, 0.3, "", True),
        DataRow(SeriesId("flags", "TKN"), MADE.date(), 2, 2, 2, 2, "mint, “proxy”"),
    )
    kept = evidence_from_json(evidence_to_json(rows))
    assert math.isnan(kept[0].low)
    assert kept[0].high == rows[0].high
    assert (kept[0].simulated, kept[1]) == (True, rows[1])
    firing = StoredFiring(
        1, 3, MADE.date(), MADE, "t", "x", "low", evidence_to_json(rows[1:]), False, None
    )
    assert read_firing(firing).rows == rows[1:]
    assert evidence_from_json("[]") == ()
