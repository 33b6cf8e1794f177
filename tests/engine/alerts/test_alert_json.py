"""A rule as JSON: what comes out goes back in, and what is wrong is said in a sentence."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts.conditions import AllOf, AnyOf, Condition, series_of
from engine.alerts.panel import SeriesId
from engine.alerts.rule import Rule
from engine.alerts.rulejson import make_check, rule_from_json, rule_to_json
from engine.core.errors import KnownError

MADE = datetime(2024, 1, 10, 12, tzinfo=UTC)


def read(data: object) -> Rule:
    return rule_from_json(json.dumps(data), 7, MADE)


def price(**more: object) -> dict[str, object]:
    return {"kind": "price", "asset": "BTC", "direction": "above", "level": "100000"} | more


def test_a_rule_is_read() -> None:
    rule = read({"when": price(asset="btc", level=0.1), "once": True, "expires": "2024-12-31"})
    check = make_check("price", {"asset": "BTC", "direction": "above", "level": "0.1"})
    assert rule == Rule(7, MADE, check, once=True, expires=date(2024, 12, 31))
    # A number is read exactly, never through a binary fraction.
    assert check.values["level"] == Decimal("0.1")
    assert check.values["currency"] == "USD"
    assert check.hysteresis == 1


_AMOUNT = st.decimals("0.000001", 10**9, places=6).map(str)
_CHECK = st.one_of(
    st.builds(
        lambda level, way: make_check("price", {"asset": "BTC", "direction": way, "level": level}),
        _AMOUNT,
        st.sampled_from(["above", "below"]),
    ),
    st.builds(
        lambda pool, percent: make_check("yield", {"pool": pool, "percent": str(percent)}),
        st.text("Pool Ünï/-.", min_size=1, max_size=20).filter(str.strip),
        st.integers(1, 100),
    ),
    st.builds(
        lambda days, hysteresis: make_check(
            "drawdown",
            {"asset": "ETH", "percent": "20", "days": str(days), "hysteresis": str(hysteresis)},
        ),
        st.integers(1, 1095),
        st.integers(0, 90),
    ),
)
_PARTS = st.lists(_CHECK, min_size=1, max_size=3).map(tuple)
_CONDITION: st.SearchStrategy[Condition] = (
    _CHECK | st.builds(AllOf, _PARTS) | st.builds(lambda a, b: AnyOf((a, AllOf(b))), _CHECK, _PARTS)
)


@given(
    st.builds(
        Rule,
        st.just(7),
        st.just(MADE),
        _CONDITION,
        st.text("My alert ö", max_size=20).map(str.strip),
        st.booleans(),
        st.integers(0, 365),
        st.none() | st.dates(date(2024, 1, 10), date(2100, 1, 1)),
        st.sampled_from(["low", "normal", "high"]),
    )
)
def test_what_is_written_is_read_again(rule: Rule) -> None:
    assert rule_from_json(rule_to_json(rule), 7, MADE) == rule


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], '"when" is missing'),
        ({}, '"when" is missing'),
        ({"when": 3}, "A condition must be an object."),
        ({"when": {}}, "The kind of alert is not known."),
        ({"when": {"kind": ["price"]}}, "The kind of alert is not known."),
        ({"when": price(), "sound": 1}, '"sound" is not part of an alert.'),
        ({"when": price(levle=1)}, '"levle" is not part of an alert of the kind "price".'),
        ({"when": {"kind": "price", "asset": "BTC"}}, "The direction is missing"),
        ({"when": price(direction="up")}, "The direction is not known"),
        ({"when": price(direction=None)}, "The direction is not known"),
        ({"when": price(level="a lot")}, "The price must be a number."),
        ({"when": price(level=True)}, "The price must be a number."),
        ({"when": price(level=None)}, "The price must be a number."),
        ({"when": price(level=0)}, "The price must be above zero."),
        ({"when": price(level="1e40")}, "The price is at most 1"),
        ({"when": price(asset="no such thing")}, "is not a symbol."),
        ({"when": price(asset=1)}, "The asset must be text."),
        ({"when": price(hysteresis=91)}, "The hysteresis is at most 90."),
        ({"when": price(hysteresis=-1)}, "The hysteresis is at least 0."),
        ({"when": price(), "once": 1}, '"once" is either true or false.'),
        ({"when": price(), "priority": "urgent"}, "The priority is not known."),
        ({"when": price(), "cooldown_days": 1.5}, "must be a whole number."),
        ({"when": price(), "cooldown_days": 366}, "cooldown in days is at most 365."),
        ({"when": price(), "expires": "soon"}, "The last day must be a date"),
        ({"when": price(), "expires": "2024-01-09"}, "would end before it begins"),
        ({"when": price(), "name": 5}, "The name must be text."),
        ({"when": {"all": []}}, '"all" needs a list of conditions.'),
        ({"when": {"any": price()}}, '"any" needs a list of conditions.'),
        ({"when": {"all": [price()], "any": [price()]}}, '"any" is not part of'),
        ({"when": {"all": [price()] * 17}}, "at most 16 conditions"),
        ({"when": {"all": [{"all": [{"all": [{"all": [price()]}]}]}]}}, "at most 4 deep"),
        (
            {"when": {"kind": "move", "asset": "BTC", "direction": "down", "percent": 101}},
            "A price cannot fall by more than 100 %.",
        ),
        (
            {"when": {"kind": "range", "asset": "ETH", "lower": 2, "upper": 2}},
            "A range ends above where it begins.",
        ),
        (
            {"when": {"kind": "correlation", "asset": "BTC", "other": "BTC", "change": 1}},
            "A correlation needs two different assets.",
        ),
        ({"when": {"kind": "stale", "name": "BTC-USD"}}, "such as BTC/USD."),
        ({"when": {"kind": "stale", "name": "btc/usd"}}, "such as BTC/USD."),
        ({"when": {"kind": "volatility", "asset": "BTC", "times": 1}}, "A wild time is above 1"),
        (
            {"when": {"kind": "volatility", "asset": "BTC", "times": 2, "direction": "below"}},
            "A calm is below 1",
        ),
        ({"when": {"kind": "yield", "pool": "  ", "percent": 5}}, "The pool is empty."),
        ({"when": {"kind": "stale", "name": "BTC/USD", "days": 0}}, "days is at least 1."),
    ],
)
def test_what_is_wrong_is_said(data: object, sentence: str) -> None:
    with pytest.raises(KnownError) as caught:
        read(data)
    assert sentence in caught.value.sentence


@pytest.mark.parametrize("text", ["", "{", '{"when": NaN}', "[" * 10_000, "x" * 30_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(KnownError):
        rule_from_json(text, 1, MADE)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(KnownError):
        rule_from_json(text, 1, MADE)


def test_the_stale_prices_of_a_coin_alone_are_those_in_dollars() -> None:
    alone = read({"when": {"kind": "stale", "name": "btc", "days": 3}})
    assert series_of(alone.condition) == {SeriesId("price", "BTC/USD")}
    assert alone.describe() == "When no new price of BTC/USD for 3 days, every time anew."
