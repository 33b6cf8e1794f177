"""What must hold for any returns and any limits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.covariance import ledoit_wolf, sample_covariance
from engine.analytics.allocation.equal_weight import equal_weight
from engine.analytics.allocation.frontier import efficient_frontier
from engine.analytics.allocation.hrp import hrp
from engine.analytics.allocation.inverse_volatility import inverse_volatility
from engine.analytics.allocation.maximum_sharpe import maximum_sharpe
from engine.analytics.allocation.mean_cvar import mean_cvar, tail_loss
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.quadratic import minimise, regular, residual
from engine.analytics.allocation.risk_parity import risk_parity, risk_shares

BY_COVARIANCE = (inverse_volatility, minimum_variance, risk_parity, hrp)


@st.composite
def markets(draw: st.DrawFn) -> tuple[np.ndarray, Bounds]:
    """Returns of 1…8 assets, some with equal ones, and limits that can be met."""
    count = draw(st.integers(1, 8))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(30, 90))
    common = draw(st.floats(0, 2)) * random.standard_normal((rows, 1))
    scales = 10 ** random.uniform(-3, -1, count)
    returns = (common + random.standard_normal((rows, count))) * scales
    returns += 0.1 * random.standard_normal(count) * scales
    if count > 2 and draw(st.booleans()):
        returns[:, 1] = returns[:, 0]
    cap = draw(st.floats(1 / count, 1)) if count > 1 else 1.0
    lower = random.uniform(0, 1, count) * draw(st.sampled_from((0.0, 0.9))) / count
    return returns, Bounds(lower, np.minimum(1.0, np.maximum(lower, cap) + 1e-12))


def every_mix(returns: np.ndarray, bounds: Bounds) -> list[np.ndarray]:
    covariance = ledoit_wolf(returns).matrix
    frontier = efficient_frontier(covariance, returns.mean(axis=0), bounds, 4)
    found = [method(covariance, bounds) for method in BY_COVARIANCE]
    return [
        equal_weight(bounds), mean_cvar(returns, bounds), *found, *(p.weights for p in frontier)
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(markets())
def test_weights_keep_the_limits_and_each_method_is_best_at_its_own_aim(
    market: tuple[np.ndarray, Bounds],
) -> None:
    returns, bounds = market
    covariance, means = ledoit_wolf(returns).matrix, returns.mean(axis=0)
    mixes = every_mix(returns, bounds)
    for weights in mixes:
        assert abs(weights.sum() - 1) < 1e-9
        assert np.all(weights >= bounds.lower - 1e-12)
        assert np.all(weights <= bounds.upper + 1e-12)
    calm = minimum_variance(covariance, bounds)
    smallest = tail_loss(returns, mean_cvar(returns, bounds)).loss
    best = -np.inf
    if means @ bounds.highest(means) > 0:
        sharpe = maximum_sharpe(covariance, means, bounds)
        best = means @ sharpe / np.sqrt(sharpe @ covariance @ sharpe)
    for weights in mixes:
        variance = weights @ covariance @ weights
        assert calm @ covariance @ calm <= variance * (1 + 1e-8)
        assert smallest <= tail_loss(returns, weights).loss + 1e-9
        if best > 0:
            assert means @ weights / np.sqrt(variance) <= best * (1 + 1e-8) + 1e-12


@settings(max_examples=100, deadline=None)
@given(markets(), st.floats(0, 1))
def test_one_cap_for_all_keeps_the_order_and_the_proportions(
    market: tuple[np.ndarray, Bounds], looseness: float
) -> None:
    returns, _ = market
    count = returns.shape[1]
    cap = 1 / count + looseness * (1 - 1 / count)
    free = Bounds(np.zeros(count), np.ones(count))
    capped = Bounds(np.zeros(count), np.full(count, min(1.0, cap + 1e-12)))
    covariance = ledoit_wolf(returns).matrix
    for method in (inverse_volatility, hrp):
        plain, found = method(covariance, free), method(covariance, capped)
        assert abs(found.sum() - 1) < 1e-9
        assert np.all(found <= capped.upper)
        assert np.all(np.diff(found[np.argsort(plain)]) >= -1e-12)
        below = found < capped.upper - 1e-9
        grown = found[below] / plain[below]
        assert np.allclose(grown, grown[:1], rtol=1e-6)
        assert np.all(grown >= 1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(markets(), st.floats(0, 10))
def test_the_quadratic_programme_meets_its_optimality_conditions(
    market: tuple[np.ndarray, Bounds], tolerance: float
) -> None:
    returns, bounds = market
    matrix = regular(sample_covariance(returns).matrix)
    linear = tolerance * returns.mean(axis=0)
    start = equal_weight(bounds)
    found = minimise(matrix, linear, bounds, start)
    assert found.residual == residual(matrix, linear, bounds, found.weights) < 1e-9
    again = minimise(matrix, linear, bounds, bounds.highest(linear))
    value = found.weights @ matrix @ found.weights / 2 - linear @ found.weights
    other = again.weights @ matrix @ again.weights / 2 - linear @ again.weights
    assert abs(value - other) <= 1e-9 * (abs(value) + np.abs(matrix).max())
    assert residual(matrix, linear, bounds, start) >= 0


@settings(max_examples=40, deadline=None)
@given(markets(), st.floats(-3, 3))
def test_scale_changes_nothing(market: tuple[np.ndarray, Bounds], exponent: float) -> None:
    returns, bounds = market
    covariance, means = (
        sample_covariance(returns).matrix + np.diag(returns.var(0)) * 0.1,
        10**exponent,
    )
    for method in BY_COVARIANCE:
        once, again = method(covariance, bounds), method(means * covariance, bounds)
        assert np.allclose(once, again, atol=1e-6)
    excess = returns.mean(axis=0)
    if excess @ bounds.highest(excess) > 0:
        once = maximum_sharpe(covariance, excess, bounds)
        assert np.allclose(once, maximum_sharpe(means * covariance, excess, bounds), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(markets())
def test_without_limits_every_asset_brings_the_same_risk(
    market: tuple[np.ndarray, Bounds],
) -> None:
    returns, _ = market
    count = returns.shape[1]
    covariance = ledoit_wolf(returns).matrix
    weights = risk_parity(covariance, Bounds(np.zeros(count), np.ones(count)))
    assert np.allclose(risk_shares(covariance, weights), 1 / count, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(markets())
def test_the_frontier_rises(market: tuple[np.ndarray, Bounds]) -> None:
    returns, bounds = market
    points = efficient_frontier(ledoit_wolf(returns).matrix, returns.mean(axis=0), bounds, 6)
    means = np.array([point.mean for point in points])
    deviations = np.array([point.deviation for point in points])
    assert np.all(np.diff(means) >= 0)
    assert np.all(np.diff(deviations) >= -1e-9)
    # Convex: each step of return costs at least as much risk as the one before.
    assert np.all(np.diff(deviations, 2) >= -1e-8)
