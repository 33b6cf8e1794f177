"""Portfolio against benchmark, by hand and against the measures' own functions."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics.benchmark import beta, up_capture
from engine.analytics.benchmarks_compare import CASH, compare, mix_returns
from engine.analytics.ratios import information_ratio
from engine.core.errors import KnownError

START = date(2024, 1, 1)


def days(count: int, first: int = 0) -> list[date]:
    return [START + timedelta(first + n) for n in range(count)]


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.001, 0.03, count)


def test_curves_and_excess_by_hand() -> None:
    own = (days(4), np.array([0.1, -0.1, 0.2, 0.5]))
    bitcoin = (days(3, first=1), np.array([0.1, 0.1, 0.0]))
    found = compare("BTC", own, bitcoin)
    # The first day has no return of BTC. Own: 0.9 * 1.2 * 1.5 = 1.62; BTC: 1.1 * 1.1 = 1.21.
    assert (found.n, found.left_out, found.days[0]) == (3, 1, date(2024, 1, 2))
    assert found.own.tolist() == pytest.approx([1, 0.9, 1.08, 1.62])
    assert found.benchmark.tolist() == pytest.approx([1, 1.1, 1.21, 1.21])
    assert found.excess == pytest.approx(0.62 - 0.21)
    assert found.beta is None
    assert found.up_capture is None
    assert "only 3 daily returns for the beta" in found.notes[0]


def test_the_figures_are_those_of_their_functions() -> None:
    market = noise(400, 1)
    own = 0.5 * market + noise(400, 2)
    found = compare("BTC", (days(400), own), (days(400), market))
    assert found.beta == beta(own, market)
    assert found.information_ratio == information_ratio(own, market)
    assert found.up_capture == up_capture(own, market)
    assert found.tracking_error is not None
    assert found.tracking_error.value == pytest.approx(
        np.std(own - market, ddof=1) * math.sqrt(365)
    )
    assert (found.notes, found.left_out) == ((), 0)


def test_against_itself() -> None:
    own = (days(400), noise(400, 3))
    found = compare("itself", own, own)
    assert found.beta is not None
    assert found.down_capture is not None
    assert (found.excess, found.down_capture.value) == (0, 1)
    assert found.beta.value == pytest.approx(1)
    assert found.information_ratio is None
    assert "do not vary" in found.notes[0]


def test_a_mix_is_restored_every_month() -> None:
    # Bitcoin doubles on 31 January and again on 1 February.
    dates = [date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 2)]
    closes = {"BTC": (dates, np.array([1.0, 2.0, 4.0, 8.0]))}
    kept, returns = mix_returns(closes, {"BTC": 0.6, CASH: 0.4})
    # 0.6 * 2 + 0.4 = 1.6; restored to 60 %, so 1.6 again; then 0.6 * 4 + 0.4 = 2.8 over 1.6.
    assert kept == dates[1:]
    assert returns.tolist() == pytest.approx([0.6, 0.6, 2.8 / 1.6 - 1])


def test_a_mix_of_one_is_that_one() -> None:
    closes = (days(100), np.cumprod(1 + noise(100, 4)))
    kept, returns = mix_returns({"BTC": closes}, {"BTC": 1.0, "ETH": 0.0})
    assert (len(kept), returns.tolist()) == (
        99,
        pytest.approx((closes[1][1:] / closes[1][:-1] - 1).tolist()),
    )
    # Rebalancing does nothing for two that move alike, whatever the months.
    two = {"BTC": closes, "WBTC": (closes[0], 3 * closes[1])}
    assert mix_returns(two, {"BTC": 0.3, "WBTC": 0.7})[1].tolist() == pytest.approx(
        returns.tolist()
    )


@pytest.mark.parametrize("weights", [{}, {"BTC": 0.5}, {"BTC": 1.5, CASH: -0.5}, {"BTC": math.nan}])
def test_weights_that_make_no_sense(weights: dict[str, float]) -> None:
    with pytest.raises(KnownError, match="sum to 100 %"):
        mix_returns({"BTC": (days(3), np.ones(3))}, weights)


def test_nothing_to_compare() -> None:
    with pytest.raises(KnownError, match="only 1 daily return for the comparison with BTC"):
        compare("BTC", (days(2), np.zeros(2)), (days(9, first=1), np.zeros(9)))
    with pytest.raises(KnownError, match="more than cash"):
        mix_returns({}, {CASH: 1.0})
    with pytest.raises(KnownError, match="no days in common"):
        mix_returns(
            {"A": (days(3), np.ones(3)), "B": (days(3, first=9), np.ones(3))},
            {"A": 0.5, "B": 0.5},
        )
