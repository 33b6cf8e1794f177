"""Weighted and concentrated pools against closed forms evaluated elsewhere."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.defi.concentrated import (
    PriceRange,
    amounts,
    concentration,
    liquidity_of,
    range_outcome,
)
from engine.analytics.defi.weighted import weighted_loss
from engine.analytics.impermanent_loss import impermanent_loss
from engine.core.errors import KnownError

D = Decimal
HALF = (D("0.5"), D("0.5"))
EXACT = D("1e-15")
PRICES = st.decimals("0.001", "1000", places=4)


@pytest.mark.parametrize(
    ("low", "high", "price", "loss"),
    [
        # P0 = 1. echo 'scale=30; p=1.25; a=.5; b=2;
        #   (2*sqrt(p)-sqrt(a)-p/sqrt(b))/((1-1/sqrt(b))*p+1-sqrt(a))-1' | bc -l
        ("0.5", "2", "1.25", "-0.021140844520668949"),
        ("0.8", "1.25", "1.1", "-0.010745478167020069"),
        # above: (sqrt(b)-sqrt(a)) / ((1-1/sqrt(b))*p+1-sqrt(a)) - 1
        ("0.5", "2", "2", "-0.195262145875634984"),
        ("0.5", "2", "3", "-0.396446609406726238"),
        ("0.25", "4", "4", "-0.4"),  # by hand: 1.5 / (0.5 * 4 + 0.5) - 1
        # below: p*(1/sqrt(a)-1/sqrt(b)) / ((1-1/sqrt(b))*p+1-sqrt(a)) - 1
        ("0.5", "2", "0.3", "-0.442873793298516527"),
    ],
)
def test_range_loss(low: str, high: str, price: str, loss: str) -> None:
    limits = PriceRange(D(low), D(high))
    assert abs(range_outcome(D(1), D(price), limits).loss - D(loss)) < EXACT
    # Only the ratio of prices matters.
    scaled = PriceRange(D(low) * 2000, D(high) * 2000)
    assert abs(range_outcome(D(2000), D(price) * 2000, scaled).loss - D(loss)) < EXACT


def test_range_in_coins_and_money() -> None:
    # [0.25, 4] around 1: x = L (1 - 1/2), y = L (1 - 1/2); a deposit of 1,000 buys L = 1,000.
    limits = PriceRange(D("0.25"), D(4))
    outcome = range_outcome(D(1), D(4), limits, D(1000))
    assert (outcome.before.x, outcome.before.y) == (500, 500)
    assert (outcome.after.x, outcome.after.y) == (0, 1500)
    assert (outcome.held, outcome.pooled, outcome.difference) == (2500, 1500, -1000)
    assert outcome.in_range
    assert outcome.concentration == 2  # 1 / (1 - (low / high) ** (1/4)) for a centred range
    assert not range_outcome(D(1), D("4.01"), limits).in_range


def test_a_range_opened_above_the_price_holds_one_coin() -> None:
    limits = PriceRange(D(2), D(4))
    assert amounts(D(7), D(1), limits).y == 0
    assert range_outcome(D(1), D("1.5"), limits).loss == 0  # nothing was exchanged yet


@given(PRICES, st.decimals("1.01", "50", places=3), st.decimals("1.01", "50", places=3))
def test_range_loss_is_never_a_gain_and_a_narrower_range_loses_more(
    price: Decimal, factor: Decimal, more: Decimal
) -> None:
    narrow = range_outcome(D(1), price, PriceRange(1 / factor, factor)).loss
    wide = range_outcome(D(1), price, PriceRange(1 / factor / more, factor * more)).loss
    v2 = impermanent_loss(price - 1).loss
    slack = D("1e-30")
    assert narrow - slack <= wide <= v2 + slack
    assert v2 <= 0


@given(PRICES)
def test_a_very_wide_range_is_a_v2_pool(price: Decimal) -> None:
    loss = range_outcome(D(1), price, PriceRange(D("1e-24"), D("1e24"))).loss
    assert abs(loss - impermanent_loss(price - 1).loss) < D("1e-8")
    assert abs(concentration(D(1), PriceRange(D("1e-24"), D("1e24"))) - 1) < D("1e-11")


@given(PRICES, PRICES, st.decimals("1", "1e6", places=2))
def test_liquidity_buys_what_was_paid(price: Decimal, low: Decimal, deposit: Decimal) -> None:
    limits = PriceRange(low, low * 3)
    coins = amounts(liquidity_of(deposit, price, limits), price, limits)
    assert abs(coins.worth(price) - deposit) < D("1e-30") * deposit
    assert coins.x >= 0
    assert coins.y >= 0


@pytest.mark.parametrize(
    ("changes", "weights", "loss"),
    [
        # echo 'scale=30; e(.8*l(2))/1.8-1' | bc -l
        (("1", "0"), ("0.8", "0.2"), "-0.032721596337639845"),
        (("3", "0"), ("0.5", "0.5"), "-0.2"),
        # by hand: 8, 1 and 1 of weight a third each: 2 / (10 / 3) - 1
        (("7", "0", "0"), ("1", "1", "1"), "-0.4"),
        (("-1", "0"), ("0.8", "0.2"), "-1"),
        (("-1", "-1"), ("0.8", "0.2"), "-1"),
    ],
)
def test_weighted_loss(changes: tuple[str, ...], weights: tuple[str, ...], loss: str) -> None:
    shares = [D(w) / sum(map(D, weights)) for w in weights]
    assert abs(weighted_loss([D(c) for c in changes], shares).loss - D(loss)) < EXACT


def test_weighted_in_money() -> None:
    outcome = weighted_loss((D(3), D(0)), HALF, D(10000))
    assert (outcome.held, outcome.pooled, outcome.difference) == (25000, 20000, -5000)


@given(st.decimals("-0.99", "99", places=3))
def test_equal_weights_are_a_v2_pool(change: Decimal) -> None:
    loss = weighted_loss((change, D(0)), HALF).loss
    assert abs(loss - impermanent_loss(change).loss) < D("1e-40")


@given(st.decimals("-0.9", "9", places=2), st.decimals("0.01", "0.99", places=2))
def test_weighted_is_symmetric_and_never_a_gain(change: Decimal, weight: Decimal) -> None:
    one = weighted_loss((change, D(0)), (weight, 1 - weight)).loss
    other = weighted_loss((D(0), change), (1 - weight, weight)).loss
    assert abs(one - other) < D("1e-40")
    assert one <= D("1e-40")


def test_what_is_refused() -> None:
    with pytest.raises(KnownError):
        PriceRange(D(2), D(2))
    limits = PriceRange(D(1), D(2))
    for before, after, deposit in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(KnownError):
            range_outcome(D(before), D(after), limits, D(deposit))
    for changes, weights, money in (
        ((D(1),), (D(1),), None),
        ((D(1), D(0)), (D("0.5"), D("0.4")), None),
        ((D(1), D(0)), (D(1), D(0)), None),
        ((D(-2), D(0)), HALF, None),
        ((D(1), D(0)), HALF, D(0)),
    ):
        with pytest.raises(KnownError):
            weighted_loss(changes, weights, money)
