"""Accounts of liquidity positions and of loans, by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.defi.lending import Collateral, Debt, health, liquidation_price
from engine.analytics.defi.profit import PoolIncome, lp_profit
from engine.core.errors import KnownError

D = Decimal
MONEY = st.decimals("0.01", "1e6", places=2)
ETH = Collateral("ETH", D(10), D(2000), D("0.825"))
USDC = Debt("USDC", D(10000), D(1))


def test_lp_profit_by_hand() -> None:
    # 10,000 put in, one coin rose fourfold: held 25,000, pooled 20,000 (the loss is 20 %).
    profit = lp_profit(D(10000), D(25000), D(20000), PoolIncome(D(3000), D(1000), D(50), D(100)))
    assert (profit.loss, profit.income) == (-5000, 4000)
    assert profit.against_holding == -1050  # -5000 + 4000 - 50
    assert profit.profit == 13950  # 20000 + 4000 - 50 - 10000
    assert profit.apr == D("-0.38325")  # -0.105 * 3.65
    assert profit.break_even_days == D("126.25")  # 5050 at 40 a day
    assert profit.days_left == D("26.25")
    assert profit.break_even_apr == D("1.84325")  # 0.505 * 3.65


def test_break_even_at_the_ends() -> None:
    nothing = lp_profit(D(100), D(100), D(100), PoolIncome(D(0), D(0), D(0), D(1)))
    assert (nothing.break_even_days, nothing.days_left) == (0, 0)
    never = lp_profit(D(100), D(100), D(90), PoolIncome(D(0), D(0), D(1), D(10)))
    assert never.break_even_days is None
    assert never.days_left is None
    reached = lp_profit(D(100), D(100), D(90), PoolIncome(D(20), D(0), D(0), D(10)))
    assert (reached.break_even_days, reached.days_left) == (5, 0)


@given(MONEY, MONEY, MONEY, MONEY, MONEY, st.integers(1, 2000))
def test_at_break_even_nothing_is_won_or_lost(
    deposit: Decimal, held: Decimal, fees: Decimal, rewards: Decimal, gas: Decimal, days: int
) -> None:
    pooled = held * D("0.9")
    first = lp_profit(deposit, held, pooled, PoolIncome(fees, rewards, gas, D(days)))
    assert first.break_even_days is not None
    longer = first.break_even_days / days
    then = PoolIncome(fees * longer, rewards * longer, gas, first.break_even_days)
    assert abs(lp_profit(deposit, held, pooled, then).against_holding) < D("1e-30")


def test_profit_refuses() -> None:
    good = PoolIncome(D(1), D(1), D(1), D(1))
    for deposit, income in (
        (D(0), good),
        (D(1), PoolIncome(D(1), D(1), D(1), D(0))),
        (D(1), PoolIncome(D(-1), D(1), D(1), D(1))),
    ):
        with pytest.raises(KnownError):
            lp_profit(deposit, D(1), D(1), income)


def test_health_by_hand() -> None:
    # 20,000 of ETH count 16,500 against 10,000.
    state = health([ETH], [USDC])
    assert (state.factor, state.ltv, state.threshold) == (D("1.65"), D("0.5"), D("0.825"))
    assert (state.collateral, state.debt) == (20000, 10000)
    assert round(state.buffer or D(0), 12) == D("0.393939393939")
    price = liquidation_price([ETH], [USDC], "ETH")
    assert price is not None
    assert round(price.price, 10) == D("1212.1212121212")  # 10,000 / 8.25
    assert price.side == "below"
    assert round(price.change, 12) == D("-0.393939393939")


def test_a_borrowed_coin_is_liquidated_by_its_rise() -> None:
    # 8,000 count against 2 ETH: the limit is 4,000.
    usdc = Collateral("USDC", D(10000), D(1), D("0.8"))
    debt = Debt("ETH", D(2), D(2000))
    assert health([usdc], [debt]).factor == 2
    price = liquidation_price([usdc], [debt], "ETH")
    assert price is not None
    assert (price.price, price.side, price.change) == (4000, "above", 1)


def test_several_assets_and_the_same_on_both_sides() -> None:
    # counted: 8.25 ETH * p + 0.7 BTC * 50,000; owed: 2 ETH * p + 40,000 -> 6.25 p = 5,000.
    btc = Collateral("BTC", D(1), D(50000), D("0.7"))
    debts = [Debt("ETH", D(2), D(2000)), Debt("USDC", D(40000), D(1))]
    price = liquidation_price([ETH, btc], debts, "ETH")
    assert price is not None
    assert (price.price, price.side) == (800, "below")


def test_no_price_of_the_asset_liquidates() -> None:
    btc = Collateral("BTC", D(1), D(50000), D("0.7"))
    assert liquidation_price([ETH, btc], [USDC], "ETH") is None  # BTC alone is enough
    assert liquidation_price([ETH], [], "ETH") is None
    assert health([ETH], []).factor is None
    bare = health([], [USDC])
    assert (bare.factor, bare.ltv, bare.buffer) == (0, None, None)


@given(MONEY, MONEY, st.decimals("0.01", "1", places=2), MONEY)
def test_at_the_liquidation_price_the_factor_is_one(
    amount: Decimal, price: Decimal, threshold: Decimal, owed: Decimal
) -> None:
    found = liquidation_price(
        [Collateral("X", amount, price, threshold)], [Debt("USD", owed, D(1))], "X"
    )
    assert found is not None
    there = health([Collateral("X", amount, found.price, threshold)], [Debt("USD", owed, D(1))])
    assert abs((there.factor or D(0)) - 1) < D("1e-40")


def test_lending_refuses() -> None:
    with pytest.raises(KnownError, match="not part"):
        liquidation_price([ETH], [USDC], "SOL")
    with pytest.raises(KnownError, match="two prices"):
        liquidation_price([ETH], [Debt("ETH", D(1), D(1999))], "ETH")
    for wrong in (
        Collateral("A", D(-1), D(1), D("0.5")),
        Collateral("A", D(1), D(0), D("0.5")),
        Collateral("A", D(1), D(1), D("80")),
    ):
        with pytest.raises(KnownError):
            health([wrong], [])
