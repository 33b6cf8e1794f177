"""When a rule fires, when it can fire again, and that no price row fires it twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts.rules import check_rule, describe, evaluate
from engine.core.errors import KnownError
from engine.core.records import SIMULATED, PricePoint
from engine.store.alerts import Alert, AlertCondition

MADE = datetime(2024, 1, 10, 12, tzinfo=UTC)


def alert(condition: AlertCondition, value: str, fired: date | None = None) -> Alert:
    last = datetime.combine(fired, time(12), UTC) if fired else None
    return Alert(1, "BTC", condition, Decimal(value), "USD", MADE, fired is None, last)


def point(day: int, close: str, high: str | None = None, low: str | None = None) -> PricePoint:
    return PricePoint(
        "BTC",
        "USD",
        date(2024, 1, day),
        Decimal(close),
        high=Decimal(high) if high else None,
        low=Decimal(low) if low else None,
    )


def test_a_rule_that_is_true_already_fires_at_once() -> None:
    outcome = evaluate(alert("above", "100"), [point(8, "90"), point(9, "105")])
    assert outcome.fired is not None
    assert (outcome.fired.day, outcome.fired.price) == (date(2024, 1, 9), 105)
    assert outcome.fired.title == "BTC above $100.00"
    assert outcome.fired.text == "BTC was at $105.00 on 2024-01-09."
    assert not outcome.armed


@pytest.mark.parametrize(
    ("condition", "value", "simulated", "marked"),
    [
        ("above", "100", (11,), True),
        ("above", "100", (10,), False),
        ("up_percent", "10", (10,), True),
        ("up_percent", "10", (11,), True),
        ("up_percent", "10", (), False),
    ],
)
def test_a_firing_on_the_demo_says_so(
    condition: AlertCondition, value: str, simulated: tuple[int, ...], marked: bool
) -> None:
    points = [
        replace(row, source=SIMULATED) if row.day.day in simulated else row
        for row in (point(10, "90"), point(11, "105"))
    ]
    fired = evaluate(alert(condition, value), points).fired
    assert fired is not None
    mark = " (simulated)" if marked else ""
    assert fired.text == f"BTC was at $105.00 on 2024-01-11{mark}."


def test_but_not_on_what_was_before_or_is_too_old() -> None:
    past_high = [point(9, "90"), point(10, "95", high="120")]
    assert evaluate(alert("above", "100"), past_high).fired is None
    assert evaluate(alert("above", "100"), [point(2, "105")]).fired is None
    assert evaluate(alert("above", "100"), [point(9, "105"), point(10, "95")]).fired is None
    assert evaluate(alert("above", "100"), []).armed


@pytest.mark.parametrize(
    ("condition", "value", "row", "price"),
    [
        ("above", "100", point(11, "95", high="101"), 101),
        ("above", "100", point(11, "100"), 100),
        ("below", "80", point(11, "85", low="79"), 79),
        ("below", "80", point(11, "80"), 80),
        ("up_percent", "10", point(11, "99"), 99),
        ("up_percent", "10", point(11, "95", high="99.5"), Decimal("99.5")),
        ("down_percent", "10", point(11, "81"), 81),
        ("down_percent", "10", point(11, "85", low="80"), 80),
    ],
)
def test_later_rows_fire_on_their_extremes(
    condition: AlertCondition, value: str, row: PricePoint, price: Decimal
) -> None:
    outcome = evaluate(alert(condition, value), [point(10, "90"), row])
    assert outcome.fired is not None
    assert (outcome.fired.day, outcome.fired.price) == (date(2024, 1, 11), price)


@pytest.mark.parametrize(
    ("condition", "value", "row"),
    [
        ("above", "100", point(11, "99.99")),
        ("below", "80", point(11, "80.01")),
        ("up_percent", "10", point(11, "98.9")),
        ("down_percent", "10", point(11, "81.1")),
        # Two days apart is not a move within a day.
        ("up_percent", "10", point(12, "200")),
    ],
)
def test_rows_that_do_not_reach_the_level(
    condition: AlertCondition, value: str, row: PricePoint
) -> None:
    assert evaluate(alert(condition, value), [point(10, "90"), row]).fired is None


def test_it_fires_again_only_after_the_price_has_gone_back_by_a_hundredth() -> None:
    rows = [point(10, "90"), point(11, "101"), point(12, "99.5"), point(13, "102")]
    fired = date(2024, 1, 11)
    assert evaluate(alert("above", "100", fired), rows).fired is None
    assert not evaluate(alert("above", "100", fired), rows).armed
    rows.insert(3, PricePoint("BTC", "USD", date(2024, 1, 13), Decimal("98.9")))
    rows[4] = point(14, "102")
    outcome = evaluate(alert("above", "100", fired), rows)
    assert outcome.fired is not None
    assert outcome.fired.day == date(2024, 1, 14)
    # Recorded as fired on that day, it is quiet again.
    assert evaluate(alert("above", "100", outcome.fired.day), rows).fired is None
    below = evaluate(alert("below", "80", fired), [point(11, "79"), point(12, "80.5")])
    assert not below.armed
    assert evaluate(alert("below", "80", fired), [point(11, "79"), point(12, "81")]).armed


def test_after_a_long_sleep_one_message_is_enough() -> None:
    rows = [point(10, "90"), point(11, "101"), point(12, "95"), point(13, "103"), point(14, "90")]
    outcome = evaluate(alert("above", "100"), rows)
    assert outcome.fired is not None
    assert outcome.fired.day == date(2024, 1, 13)
    assert outcome.armed


@given(
    st.lists(st.integers(50, 150), min_size=1, max_size=15),
    st.sampled_from(["above", "below", "up_percent", "down_percent"]),
    st.integers(1, 15),
)
def test_no_row_fires_twice(closes: list[int], condition: AlertCondition, pause: int) -> None:
    rows = [
        PricePoint("BTC", "USD", MADE.date() + timedelta(n), Decimal(close))
        for n, close in enumerate(closes)
    ]
    value = {"above": "110", "below": "90"}.get(condition, "20")
    watched = alert(condition, value)
    seen: list[date] = []
    for known in (rows[:pause], rows[:pause], rows, rows):
        fired = evaluate(watched, known).fired
        if fired:
            seen.append(fired.day)
            watched = alert(condition, value, fired.day)
    assert seen == sorted(set(seen))


def test_rules_in_words_and_rules_that_make_no_sense() -> None:
    assert describe("ETH", "up_percent", Decimal("12.5"), "USD") == "ETH up 12.5 % in 24 h"
    assert describe("ETH", "down_percent", Decimal(10), "USD") == "ETH down 10 % in 24 h"
    assert describe("ETH", "below", Decimal("1500"), "EUR") == "ETH below €1,500.00"
    check_rule("above", Decimal(1))
    for condition, value in (("above", "0"), ("up_percent", "-5"), ("down_percent", "101")):
        with pytest.raises(KnownError):
            check_rule(condition, Decimal(value))  # type: ignore[arg-type]
