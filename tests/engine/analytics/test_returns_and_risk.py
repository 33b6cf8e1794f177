"""Returns, volatility and drawdown against hand arithmetic and the statistics module."""

import math
import statistics
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.returns import (
    daily_returns,
    period_return,
    simple_returns,
    small_sample_warning,
)
from engine.analytics.risk import max_drawdown, volatility
from engine.core.errors import KnownError

START = date(2024, 1, 1)


def days(count: int) -> list[date]:
    return [START + timedelta(n) for n in range(count)]


def test_simple_returns() -> None:
    # 110/100 - 1, 99/110 - 1, 118.8/99 - 1
    assert simple_returns(np.array([100, 110, 99, 118.8])).tolist() == pytest.approx(
        [0.1, -0.1, 0.2]
    )
    assert period_return(np.array([100, 110, 99, 118.8])) == pytest.approx(0.188)
    with pytest.raises(KnownError):
        period_return(np.array([100.0]))


def test_a_return_over_a_gap_is_no_daily_return() -> None:
    some = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5), date(2024, 1, 6)]
    kept, returns = daily_returns(some, np.array([100.0, 110, 55, 66]))
    assert kept == [date(2024, 1, 2), date(2024, 1, 6)]
    assert returns.tolist() == pytest.approx([0.1, 0.2])
    assert daily_returns(some[:1], np.array([100.0]))[0] == []


def test_volatility_is_the_sample_deviation_over_365_days() -> None:
    returns = [0.1, -0.1, 0.2]
    # Mean 1/15; squares 1/900 + 25/900 + 16/900 = 42/900; / 2 = 21/900; sqrt = 0.152752523...
    by_hand = math.sqrt(21) / 30 * math.sqrt(365)
    assert volatility(np.array(returns)) == pytest.approx(by_hand, abs=1e-12)
    assert volatility(np.array(returns)) == pytest.approx(
        statistics.stdev(returns) * math.sqrt(365), abs=1e-12
    )
    with pytest.raises(KnownError, match="only 2 daily returns for the volatility"):
        volatility(np.array([0.1, 0.2]))


def test_a_rough_figure_is_called_rough() -> None:
    assert "only 59" in small_sample_warning(59)
    assert small_sample_warning(60) == ""


def test_the_deepest_fall_with_its_days() -> None:
    # 120 -> 90 is 25 %, 150 -> 75 is 50 %, back at 150 on the eighth day.
    fall = max_drawdown(days(9), np.array([100.0, 120, 90, 150, 100, 75, 140, 150, 160]))
    assert fall.depth == 0.5
    assert (fall.peak, fall.trough, fall.recovered) == (days(9)[3], days(9)[5], days(9)[7])


def test_a_fall_may_not_have_recovered_or_never_have_been() -> None:
    fall = max_drawdown(days(3), np.array([100.0, 60, 80]))
    assert (fall.depth, fall.recovered) == (0.4, None)
    rise = max_drawdown(days(3), np.array([1.0, 2, 3]))
    assert (rise.depth, rise.peak, rise.trough, rise.recovered) == (0, START, START, START)
    with pytest.raises(KnownError):
        max_drawdown(days(1), np.array([1.0]))


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=40))
def test_the_drawdown_is_the_largest_of_all_pairs(values: list[float]) -> None:
    pairs = (1 - b / a for i, a in enumerate(values) for b in values[i:])
    fall = max_drawdown(days(len(values)), np.array(values))
    assert fall.depth == pytest.approx(max(pairs), abs=1e-12)
    assert fall.peak <= fall.trough
    assert fall.recovered is None or fall.recovered >= fall.trough
