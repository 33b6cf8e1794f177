"""What-if, by hand."""

from decimal import Decimal

import pytest

from engine.analytics.stress import ALL, what_if
from engine.core.errors import KnownError

HELD = {"BTC": Decimal(6000), "ETH": Decimal(3000), "USD": Decimal(1000)}


def test_one_asset_falls() -> None:
    outcome = what_if(HELD, "BTC", Decimal("-0.3"))
    # 6,000 becomes 4,200: 10,000 becomes 8,200.
    assert (outcome.before, outcome.after, outcome.change, outcome.relative) == (
        10000,
        8200,
        -1800,
        Decimal("-0.18"),
    )
    btc, eth, _ = outcome.rows
    assert (btc.before, btc.after) == (6000, 4200)
    assert (eth.before, eth.after) == (3000, 3000)


def test_everything_falls_but_cash() -> None:
    outcome = what_if(HELD, ALL, Decimal("-0.5"))
    assert [row.after for row in outcome.rows] == [3000, 1500, 1000]
    assert outcome.relative == Decimal("-0.45")
    assert what_if(HELD, "USD", Decimal("0.1")).change == 100
    assert what_if({"BTC": Decimal(5)}, ALL, Decimal(-1)).after == 0


def test_what_has_no_price_is_named_and_left_out() -> None:
    outcome = what_if({**HELD, "SHIB": None}, ALL, Decimal("-0.5"))
    assert (outcome.before, outcome.unpriced) == (10000, ("SHIB",))
    assert [row.asset for row in outcome.rows] == ["BTC", "ETH", "USD"]
    assert what_if(HELD, ALL, Decimal("-0.5")).unpriced == ()


def test_what_cannot_be_asked() -> None:
    for values, asset, change, words in (
        (HELD, "SOL", "-0.1", "You hold no SOL."),
        (HELD, "BTC", "-1.5", "more than 100 %"),
        ({}, ALL, "-0.1", "no value"),
        ({"SHIB": None}, "SHIB", "-0.3", "You hold SHIB, but"),
        ({"SHIB": None}, ALL, "-0.3", "no value"),
    ):
        with pytest.raises(KnownError, match=words):
            what_if(values, asset, Decimal(change))
