"""Small cases worked out on paper, and what is refused."""

from datetime import date, timedelta

import numpy as np
import pytest
from allocation_samples import ASSETS, golden_returns, golden_sample

from engine.analytics.allocation.bounds import Bounds, limits
from engine.analytics.allocation.equal_weight import equal_weight
from engine.analytics.allocation.frontier import efficient_frontier
from engine.analytics.allocation.inverse_volatility import inverse_volatility
from engine.analytics.allocation.maximum_sharpe import maximum_sharpe
from engine.analytics.allocation.mean_cvar import mean_cvar, tail_loss
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.risk_parity import risk_parity
from engine.analytics.allocation.sample import Sample, common_sample
from engine.core.errors import KnownError

DIAGONAL = np.diag([1.0, 4.0, 16.0])


def test_uncorrelated_assets() -> None:
    # Minimum variance takes 1/variance: 16:4:1; risk parity and inverse volatility 1/s: 4:2:1.
    free = limits("abc")
    expected = np.array([16, 4, 1]) / 21
    assert minimum_variance(DIAGONAL, free) == pytest.approx(expected, abs=1e-9)
    expected = np.array([4, 2, 1]) / 7
    assert inverse_volatility(DIAGONAL, free) == pytest.approx(expected)
    assert risk_parity(DIAGONAL, free) == pytest.approx(expected, abs=1e-9)
    # Maximum Sharpe takes mean/variance: 1/1, 8/4, 16/16 = 1:2:1.
    found = maximum_sharpe(DIAGONAL, np.array([1.0, 8.0, 16.0]) / 1000, free)
    assert found == pytest.approx(np.array([1, 2, 1]) / 4, abs=1e-9)


def test_caps_share_what_they_cut_off() -> None:
    # Equal weight with one cap of 0.1: 0.45 for the others. 4:2:1 with a cap of 0.5: the other
    # 0.5 as 2:1. With floors 0.4 for the last: 0.6 as 4:2.
    assert equal_weight(limits("abc", caps={"a": 0.1})) == pytest.approx([0.1, 0.45, 0.45])
    capped = inverse_volatility(DIAGONAL, limits("abc", 0.5))
    assert capped == pytest.approx(np.array([1 / 2, 1 / 3, 1 / 6]))
    floored = inverse_volatility(DIAGONAL, limits("abc", floors={"c": 0.4}))
    assert floored == pytest.approx(np.array([0.4, 0.2, 0.4]))
    # Minimum variance 16:4:1 with a cap of 0.5: the other 0.5 as 4:1.
    assert minimum_variance(DIAGONAL, limits("abc", 0.5)) == pytest.approx([0.5, 0.4, 0.1])


def test_a_capped_asset_at_zero_takes_no_part() -> None:
    found = risk_parity(DIAGONAL, limits("abc", caps={"b": 0.0}))
    assert found == pytest.approx(np.array([0.8, 0.0, 0.2]), abs=1e-9)
    only = Bounds(np.array([0.6, 0.4, 0.0]), np.ones(3))
    assert risk_parity(DIAGONAL, only).tolist() == [0.6, 0.4, 0.0]


def test_equal_assets_share_equally() -> None:
    same = np.ones((3, 3))
    for found in (minimum_variance(same, limits("abc")), risk_parity(same, limits("abc"))):
        assert found == pytest.approx(np.full(3, 1 / 3), abs=1e-6)


def test_cvar_by_hand() -> None:
    # 20 days at 7.5 %: 1.5 days, the worst in full and half of the next: (8 + 6/2) / 1.5.
    returns = np.array([[-0.08], [-0.06], [-0.05]] + [[0.01]] * 17)
    assert tail_loss(returns, np.ones(1), 0.075).loss == pytest.approx(0.11 / 1.5)
    assert tail_loss(returns, np.ones(1), 0.01).loss == pytest.approx(0.08)
    assert tail_loss(returns, np.ones(1), 1.0).loss == pytest.approx(0.02 / 20)


def test_smallest_cvar_by_hand() -> None:
    # The worst of two days: a loses 4 then wins 2, b wins 1 then loses 2. Equal losses where
    # 4w - (1 - w) = -2w + 2(1 - w): w = 1/3, the loss 2/3.
    returns = np.array([[-0.04, 0.01], [0.02, -0.02]])
    found = mean_cvar(returns, limits("ab"), 0.5)
    assert found == pytest.approx(np.array([1 / 3, 2 / 3]), abs=1e-9)
    assert tail_loss(returns, found, 0.5).loss == pytest.approx(0.02 / 3)


def test_the_frontier_of_two_assets_is_a_line_of_weights() -> None:
    found = efficient_frontier(np.diag([1.0, 3.0]), np.array([0.1, 0.2]), limits("ab"), 4)
    # Minimum variance 3:1, maximum return the second alone, equal steps between.
    expected = [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0.0, 1.0]]
    assert [point.weights for point in found] == pytest.approx(np.array(expected), abs=1e-8)
    assert found[1].mean == pytest.approx(0.15)
    assert found[1].deviation == pytest.approx(1.0)
    assert len(efficient_frontier(np.diag([3.0, 1.0]), np.array([0.1, 0.1]), limits("ab"))) == 1
    assert len(efficient_frontier(np.eye(1), np.array([0.1]), limits("a"))) == 1


def test_what_is_refused() -> None:
    with pytest.raises(KnownError, match="room for only 90%"):
        limits("abc", 0.3)
    with pytest.raises(KnownError, match="floors add up to 120%"):
        limits("ab", floors={"a": 0.6, "b": 0.6})
    with pytest.raises(KnownError, match="between 0 % and 100 %"):
        limits("ab", floors={"a": 0.6}, caps={"a": 0.5})
    with pytest.raises(KnownError, match="limit for c, which"):
        limits("ab", caps={"c": 0.5})
    with pytest.raises(KnownError, match="more than the risk-free rate"):
        maximum_sharpe(DIAGONAL, np.array([-0.1, 0.0, -0.2]), limits("abc"))
    with pytest.raises(KnownError, match="reached that return"):
        mean_cvar(golden_returns(), limits(ASSETS), least_mean=0.01)
    with pytest.raises(KnownError, match="only 29 daily returns"):
        golden_sample(29)
    still = golden_returns()
    still[:, 2] = 0.0
    with pytest.raises(KnownError, match="price of SOL did not move"):
        Sample(ASSETS, still, date(2024, 1, 1), date(2024, 9, 6))


def test_the_sample_is_the_common_days() -> None:
    days = [date(2024, 1, 1) + timedelta(n) for n in range(41)]
    one = np.cumprod(np.append(100.0, 1 + golden_returns(40)[:, 0]))
    other = np.cumprod(np.append(5.0, 1 + golden_returns(40)[:, 2]))
    found = common_sample({"BTC": (days, one), "SOL": (days[6:], other[6:])})
    assert (found.assets, found.first, found.last) == (("BTC", "SOL"), days[7], days[-1])
    assert found.returns == pytest.approx(golden_returns(40)[6:][:, [0, 2]], abs=1e-12)
    assert len(found.warnings) == 1
    with pytest.raises(KnownError, match="no daily returns in common"):
        common_sample({"BTC": (days[:20], one[:20]), "SOL": (days[20:], other[20:])})
