"""When a rule comes true, is over, and may fire again; joined conditions; nothing twice."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts.conditions import AllOf, AnyOf, Condition, compile_trees, describe
from engine.alerts.evaluation import firings
from engine.alerts.kinds.base import Check
from engine.alerts.panel import flag_rows
from tests.engine.alerts.alert_data import (
    NAN,
    above,
    below,
    check,
    day,
    days_fired,
    fired,
    panel,
    rows,
    rule,
)


def test_it_fires_again_only_after_it_was_over_by_the_hysteresis() -> None:
    data = panel(rows("BTC", [101, 99.5, 101, 99, 101, 98.9, 100]))
    assert days_fired(above("100"), data) == [0, 6]
    assert days_fired(above("100", hysteresis="0.4"), data) == [0, 2, 4, 6]
    assert days_fired(above("100", hysteresis="2"), data) == [0]


def test_a_day_that_reaches_it_again_is_not_over_whatever_its_close() -> None:
    data = panel(rows("BTC", [95, 95, 95, 95, 95], highs=[95, 101, 101, 95, 101]))
    assert days_fired(above("100"), data) == [1, 4]


def test_what_is_true_already_fires_at_once_by_the_last_known_close() -> None:
    data = panel(rows("BTC", [90, 105], highs=[120, 105]), today=8)
    (one,) = fired(above("100"), data, made=4)
    assert (one.day, one.rows[0].day) == (day(4), day(1))
    assert days_fired(above("110"), data, made=0) == []
    assert days_fired(above("100"), data, made=8) == [8]
    old = panel(rows("BTC", [105]), today=9)
    assert days_fired(above("100"), old, made=8) == []


def test_a_rule_made_before_the_data_begins_is_watched_from_its_first_day() -> None:
    data = panel(rows("BTC", [105], highs=[111], first=3))
    assert days_fired(above("110"), data, made=0) == [3]


def test_a_day_without_a_row_changes_nothing() -> None:
    data = panel(rows("BTC", [90, 101, NAN, NAN, 101, 90, NAN, 101]))
    assert days_fired(above("100"), data) == [1, 7]


def test_once_cooldown_and_expiry() -> None:
    data = panel(rows("BTC", [90, 101, 90, 101, 90, 101, 90, 101]))
    assert days_fired(above("100"), data) == [1, 3, 5, 7]
    assert days_fired(above("100"), data, once=True) == [1]
    assert days_fired(above("100"), data, cooldown_days=3) == [1, 5]
    assert days_fired(above("100"), data, cooldown_days=4) == [1, 5]
    assert days_fired(above("100"), data, expires=day(5)) == [1, 3, 5]


def test_and_waits_for_the_last_part() -> None:
    data = panel(
        rows("BTC", [90, 101, 101, 101, 95, 101]),
        rows("ETH", [9, 9, 9, 5, 5, 5]),
    )
    both = AllOf((above("100"), below("6", "ETH")))
    found = fired(both, data)
    assert [one.day for one in found] == [day(3), day(5)]
    assert [(row.series.name, row.day) for row in found[0].rows] == [
        ("BTC/USD", day(1)),
        ("ETH/USD", day(3)),
    ]
    assert found[0].key == "price ETH/USD 2024-01-04"
    assert found[0].title == "BTC above $100.00 and ETH below $6.00"
    assert found[0].text == ("BTC was at $101.00 on 2024-01-02. ETH was at $5.00 on 2024-01-04.")


def test_or_fires_when_the_first_part_comes_true() -> None:
    data = panel(rows("BTC", [90, 101, 101, 90, 90]), rows("ETH", [9, 9, 5, 5, 9]))
    assert days_fired(AnyOf((above("100"), below("6", "ETH"))), data) == [1]


def test_a_new_flag_joined_to_a_price() -> None:
    cards = [(day(n), frozenset(flags)) for n, flags in enumerate(["", "a", "ab", "abc"])]
    data = panel(rows("XYZ", [5, 5, 3, 3]), flag_rows("XYZ", cards))
    both = AllOf((check("red_flag", token="XYZ"), below("4", "XYZ")))
    assert days_fired(both, data) == [2, 3]


def test_a_series_that_is_not_there_is_never_true() -> None:
    data = panel(rows("BTC", [101, 101]))
    assert days_fired(above("1", "ETH"), data) == []
    assert days_fired(AnyOf((above("1", "ETH"), above("100"))), data) == [0]
    pair = check("correlation", asset="BTC", other="ETH", change="0.1")
    assert days_fired(pair, data) == []
    assert firings([], data) == []


def _conditions(depth: int = 3) -> st.SearchStrategy[Condition]:
    leaf = st.builds(above, st.integers(90, 110).map(str))
    if depth == 0:
        return leaf
    parts = st.lists(_conditions(depth - 1), min_size=1, max_size=3).map(tuple)
    return leaf | st.builds(AllOf, parts) | st.builds(AnyOf, parts)


def _truth(condition: Condition, values: dict[int, bool]) -> bool:
    if isinstance(condition, Check):
        return values[id(condition)]
    parts = [_truth(part, values) for part in condition.parts]
    return all(parts) if isinstance(condition, AllOf) else any(parts)


@given(st.lists(_conditions(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_joined_conditions_mean_what_they_say(conditions: list[Condition], chance) -> None:  # type: ignore[no-untyped-def]
    trees = compile_trees(conditions)
    values = np.array([chance.random() < 0.5 for _ in trees.checks])
    by_check = {id(one): bool(value) for one, value in zip(trees.checks, values, strict=True)}
    assert trees.truth(values).tolist() == [_truth(one, by_check) for one in conditions]
    assert all(np.diff(trees.rule) >= 0)


def test_joined_conditions_in_words() -> None:
    nested = AnyOf((above("100"), AllOf((below("5", "ETH"), above("7", "SOL")))))
    assert describe(nested) == "BTC above $100.00 or (ETH below $5.00 and SOL above $7.00)"
    assert rule(nested, name="My alert").title() == "My alert"
    full = rule(above("1"), cooldown_days=2, expires=day(9), priority="high")
    assert full.describe() == (
        "When BTC above $1.00, every time anew, at most once per 2 days, until 2024-01-10, "
        "in quiet hours too."
    )
    assert rule(above("1"), once=True, priority="low").describe() == (
        "When BTC above $1.00, once, without a sound."
    )


PRICE = st.integers(9_000, 11_000).map(lambda cents: cents / 100)
ROW = st.none() | st.tuples(PRICE, PRICE, PRICE)


def _by_hand(bars: list[tuple[float, float, float] | None], up: bool, made: int) -> list[int]:
    """The rule "above 100" or "below 100" with 1 %, in plain words and exact numbers."""
    level, true, found = Decimal(100), False, []
    for number, bar in enumerate(bars):
        if bar is None or number < made:
            continue
        close, extreme = Decimal(str(bar[0])), Decimal(str(max(bar) if up else min(bar)))
        if number == made:
            extreme = close
        reached = extreme >= level if up else extreme <= level
        over = close < Decimal(99) if up else close > Decimal(101)
        if reached and not true:
            found.append(number)
        true = reached or (true and not over)
    return found


@given(st.lists(ROW, min_size=1, max_size=25), st.booleans())
def test_the_arrays_agree_with_the_rule_worked_out_by_hand(
    bars: list[tuple[float, float, float] | None], up: bool
) -> None:
    whole = [(100.5, 100.5, 100.5) if up else (99.5, 99.5, 99.5), *bars]
    closes, highs, lows = (
        [NAN if bar is None else pick(bar) for bar in whole] for pick in (lambda b: b[0], max, min)
    )
    data = panel(rows("BTC", closes, highs, lows))
    assert days_fired(above("100") if up else below("100"), data) == _by_hand(whole, up, 0)


@given(st.lists(ROW, min_size=2, max_size=25), st.integers(0, 5))
def test_between_two_firings_a_close_was_back_by_the_hysteresis(
    bars: list[tuple[float, float, float] | None], percent: int
) -> None:
    closes, highs, lows = (
        [NAN if bar is None else pick(bar) for bar in bars] for pick in (lambda b: b[0], max, min)
    )
    data = panel(rows("BTC", closes, highs, lows)) if any(bars) else None
    if data is None:
        return
    found = days_fired(above("100", hysteresis=str(percent)), data)
    assert len(set(found)) == len(found)
    for one, next_one in pairwise(found):
        between = [bar[0] for bar in bars[one + 1 : next_one] if bar]
        assert min(between) < 100 - percent


@pytest.mark.parametrize("level", ["0.00000000026", "123456789.123456789"])
def test_levels_of_any_size_are_reached_exactly(level: str) -> None:
    data = panel(rows("BTC", [float(level) * 0.999, float(level)]))
    assert days_fired(above(level), data) == [1]
