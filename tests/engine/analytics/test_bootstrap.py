"""Block bootstrap: the resampled mean has the variance that its papers derive, and seeds repeat."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import own

from engine.analytics.bootstrap import (
    Method,
    default_block,
    drawdown_rows,
    interval,
    mean_rows,
    resampled,
    sharpe_rows,
    volatility_rows,
)
from engine.analytics.ratios import sharpe
from engine.analytics.risk import volatility
from engine.core.errors import KnownError

ROWS = 20_000


def smooth() -> np.ndarray:
    """120 returns that depend on the days before: means of five of the series."""
    return np.convolve(own(), np.full(5, 0.2), "valid")[:120]


def covariances(returns: np.ndarray) -> np.ndarray:
    """Circular autocovariances by lag."""
    centred = returns - returns.mean()
    return np.array([np.mean(centred * np.roll(centred, -lag)) for lag in range(len(returns))])


def test_the_stationary_mean_has_the_variance_of_politis_and_romano() -> None:
    # 1994, lemma 1: [C(0) + 2 sum (1 - i/n) (1 - 1/block)^i C(i)] / n, C circular.
    returns, block = smooth(), 6
    n = len(returns)
    lags = np.arange(1, n)
    c = covariances(returns)
    exact = (c[0] + 2 * np.sum((1 - lags / n) * (1 - 1 / block) ** lags * c[1:])) / n
    indices = resampled(np.random.default_rng(1), n, ROWS, block, "stationary")
    # A variance of 20,000 draws has a standard error of 1 %.
    assert returns[indices].mean(axis=1).var() == pytest.approx(exact, rel=0.04)
    assert exact > 2.5 * c[0] / n


def test_the_circular_mean_has_the_variance_of_its_blocks() -> None:
    # Independent blocks: the variance of a block's mean over the number of blocks (120 / 6).
    returns, block = smooth(), 6
    n = len(returns)
    means = np.mean([np.roll(returns, -k) for k in range(block)], axis=0)
    indices = resampled(np.random.default_rng(2), n, ROWS, block, "circular")
    assert returns[indices].mean(axis=1).var() == pytest.approx(means.var() / 20, rel=0.04)


@pytest.mark.parametrize("method", ["stationary", "circular"])
def test_blocks_of_one_day_are_the_plain_bootstrap(method: Method) -> None:
    # The 95 % interval of a mean then is close to mean ± 1.96 standard errors.
    r = own()
    found = interval(r, mean_rows, block=1, samples=4000, method=method, seed=3)
    half = 1.959964 * r.std() / math.sqrt(len(r))
    assert found.low == pytest.approx(r.mean() - half, abs=0.08 * half)
    assert found.high == pytest.approx(r.mean() + half, abs=0.08 * half)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["stationary", "circular"]))
def test_indices_are_days_and_blocks_run_on(n: int, block: int, method: Method) -> None:
    block = min(block, n)
    indices = resampled(np.random.default_rng(0), n, 50, block, method)
    assert indices.shape == (50, n)
    assert indices.min() >= 0
    assert indices.max() < n
    follows = (indices[:, 1:] - indices[:, :-1]) % n == 1 % n
    if method == "circular":
        inside = np.arange(1, n) % block != 0
        assert follows[:, inside].all()


def test_stationary_blocks_have_the_mean_length() -> None:
    n, block = 500, 10
    indices = resampled(np.random.default_rng(4), n, 200, block, "stationary")
    broken = (indices[:, 1:] - indices[:, :-1]) % n != 1
    # A block ends each day with 1/10, and by chance the next one follows on in 1 of 500.
    assert broken.mean() == pytest.approx(0.1 * (1 - 1 / n), abs=0.004)


def test_the_same_seed_gives_the_same_interval() -> None:
    r = own()
    first = interval(r, sharpe_rows, samples=300, seed=5)
    assert interval(r, sharpe_rows, samples=300, seed=5) == first
    assert interval(r, sharpe_rows, samples=300, seed=6).low != first.low
    assert first.estimate == pytest.approx(sharpe(r).value, abs=1e-9)
    assert first.low < first.estimate < first.high
    assert (first.n, first.block, first.samples, first.warning) == (400, 7, 300, "")
    wider = interval(r, sharpe_rows, samples=300, seed=5, confidence=0.99)
    assert wider.low <= first.low < first.high <= wider.high


def test_measures_of_rows() -> None:
    r = own()
    rows = np.stack([r, r[::-1]])
    assert volatility_rows(rows).tolist() == pytest.approx([volatility(r)] * 2)
    assert sharpe_rows(rows, 0.05).tolist() == pytest.approx([sharpe(r, 0.05).value] * 2)
    # Down 10 %, up 10 %, down 50 %: 0.9, 0.99, 0.495 of the start.
    assert drawdown_rows(np.array([[-0.1, 0.1, -0.5]])).tolist() == pytest.approx([0.505])
    # skfolio's maximum drawdown of the series, see test_drawdowns.py.
    assert drawdown_rows(rows)[0] == pytest.approx(0.3669207044286058, abs=1e-12)


def test_refusals() -> None:
    r = own()
    with pytest.raises(KnownError, match="only 59"):
        interval(r[:59], mean_rows)
    assert "only 200" in interval(r[:200], mean_rows, samples=100).warning
    with pytest.raises(KnownError, match="100 samples"):
        interval(r, mean_rows, samples=99)
    for block in (0, 401):
        with pytest.raises(KnownError, match="block"):
            interval(r, mean_rows, block=block)
    with pytest.raises(KnownError, match="confidence"):
        interval(r, mean_rows, confidence=1.0)
    with pytest.raises(KnownError, match="vary too little"):
        interval(np.full(100, 0.01), sharpe_rows)
    assert [default_block(n) for n in (1, 60, 1000)] == [1, 4, 10]
