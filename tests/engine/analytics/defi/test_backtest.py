"""Ranges on price series whose outcome can be worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.defi.backtest import Plan, back_test, compare_widths
from engine.analytics.defi.concentrated import PriceRange
from engine.core.errors import KnownError

RANGE = PriceRange(Decimal("0.5"), Decimal(2))
DAYS = [date(2024, 1, 1) + timedelta(days=i) for i in range(400)]


def series(*prices: float) -> tuple[list[date], np.ndarray]:
    return DAYS[: len(prices)], np.array(prices, dtype=np.float64)


def test_a_year_at_one_price_earns_the_concentrated_fee() -> None:
    # [0.5, 2] around 1 concentrates 1 / (1 - 0.25 ** 0.25) = 3.41421356...: 1,000 at 10 %.
    result = back_test(*series(*[1.0] * 366), RANGE, Plan(1000.0, 0.1))
    assert result.fees == pytest.approx(341.4213562373095, rel=1e-12)
    assert result.in_range == 1.0
    assert result.held == pytest.approx(1000.0)
    assert result.against_holding == pytest.approx(0.3414213562373095, rel=1e-12)
    assert (result.start, result.end, result.n) == (DAYS[0], DAYS[365], 366)


def test_without_fees_the_result_is_the_impermanent_loss() -> None:
    # The golden loss of [0.5, 2] at 2, whatever happened on the way.
    result = back_test(*series(1.0, 0.4, 3.0, 2.0), RANGE, Plan(1000.0, 0.0))
    assert result.against_holding == pytest.approx(-0.195262145875634984, abs=1e-12)


def test_half_a_days_way_in_the_range_earns_half() -> None:
    # From 1 to 4 the logarithm is inside up to 2: half. L = 1000 / (2 - 2 sqrt(0.5)) = 1707.10678;
    # fees = L * (1 + 2) * 0.365 / 365 * 0.5.
    result = back_test(*series(1.0, 4.0), RANGE, Plan(1000.0, 0.365))
    assert result.in_range == pytest.approx(0.5)
    assert result.fees == pytest.approx(2.560660171779821, rel=1e-12)


def test_moving_the_range_by_hand() -> None:
    # At 4 the position is all in the second coin, L (sqrt(2) - sqrt(0.5)) = 1207.10678; the range
    # [2, 8] needs half of it in the first coin: 1 % of that half is lost. Gas thrice: open, move,
    # close. Held: 500 * 4 + 500.
    plan = Plan(1000.0, 0.0, gas=10.0, recentre=True, swap_cost=0.01)
    result = back_test(*series(1.0, 4.0, 4.0), RANGE, plan)
    assert (result.moves, result.gas) == (1, 30.0)
    assert result.swap_costs == pytest.approx(6.035533905932738, rel=1e-12)
    assert result.pooled == pytest.approx(1201.071247280615, rel=1e-12)
    assert result.final == pytest.approx(1171.071247280615, rel=1e-12)
    assert result.held == pytest.approx(2500.0)
    assert result.in_range == pytest.approx(0.75)
    assert len(result.values) == len(result.holding) == 3
    assert result.values[-1] == result.final


def test_a_gap_of_days_counts_in_full() -> None:
    days = [date(2024, 1, 1), date(2024, 12, 31)]  # 365 days of a leap year
    result = back_test(days, np.array([1.0, 1.0]), RANGE, Plan(1000.0, 0.1))
    assert result.fees == pytest.approx(341.4213562373095, rel=1e-12)


def test_outside_nothing_is_earned() -> None:
    result = back_test(*series(3.0, 3.0, 3.0), RANGE, Plan(1000.0, 5.0))
    assert (result.fees, result.in_range, result.moves) == (0.0, 0.0, 0)


def test_widths_side_by_side() -> None:
    results = compare_widths(*series(1.0, 1.05, 0.98, 1.02), (1.1, 2.0, 100.0), Plan(1000.0, 0.2))
    assert [width for width, _ in results] == [1.1, 2.0, 100.0]
    fees = [result.fees for _, result in results]
    assert fees == sorted(fees, reverse=True)  # narrow earns more while it is never left


@given(
    st.lists(st.floats(0.05, 20.0), min_size=2, max_size=30),
    st.booleans(),
    st.floats(0.0, 2.0),
)
def test_money_adds_up(prices: list[float], recentre: bool, apr: float) -> None:
    plan = Plan(1000.0, apr, gas=1.0, recentre=recentre, swap_cost=0.003)
    result = back_test(*series(*prices), RANGE, plan)
    assert result.final == pytest.approx(result.pooled + result.fees - result.gas)
    assert result.gas == pytest.approx(2.0 + result.moves)
    assert 0.0 <= result.in_range <= 1.0 + 1e-12
    if apr == 0.0 and not recentre:
        assert result.final <= result.held + 1e-6


def test_what_is_refused() -> None:
    plan = Plan(1000.0, 0.1)
    for days, closes in (
        (DAYS[:1], [1.0]),
        (DAYS[:2], [1.0]),
        (DAYS[:2], [1.0, 0.0]),
        (DAYS[:2], [1.0, float("nan")]),
        (DAYS[1::-1], [1.0, 1.0]),
    ):
        with pytest.raises(KnownError):
            back_test(days, np.array(closes), RANGE, plan)
    for wrong in (Plan(0.0, 0.1), Plan(1.0, -0.1), Plan(1.0, 0.1, swap_cost=1.0)):
        with pytest.raises(KnownError):
            back_test(*series(1.0, 1.0), RANGE, wrong)
    with pytest.raises(KnownError, match="width"):
        compare_widths(*series(1.0, 1.0), (1.0,), plan)
