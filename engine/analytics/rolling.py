"""Volatility, Sharpe ratio, beta and correlation along time, in windows and exponentially weighted.

Conventions: see `engine.analytics`. Windows: entry i of a result covers returns i … i + window - 1,
so there are n - window + 1 entries. Weighted: entry i covers all returns up to i + WARM_UP - 1 with
weights decay^age, made to sum to 1, about a mean of zero (RiskMetrics, J.P. Morgan 1996, 5.2).
Where nothing moved there is no ratio and the entry is NaN.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.analytics.ratios import ROOT_YEAR, daily_rate
from engine.analytics.returns import Floats
from engine.analytics.samples import SAMPLES, checked
from engine.core.errors import KnownError

DECAY = 0.94
"""RiskMetrics' factor for daily data: a return loses half its weight in 11 days."""
WARM_UP = SAMPLES["weighted figure"].least
_EPSILON = 8.0 * float(np.finfo(np.float64).eps)


def rolling_volatility(returns: Floats, window: int) -> Floats:
    """std(r, ddof=1) * sqrt(365) of each window, annual fractions.

    KnownError if the window is shorter than 20 days or longer than the series.
    """
    windows = _windows(returns, window)
    return np.sqrt(_squares(_centred(windows)) / (window - 1)) * ROOT_YEAR


def rolling_sharpe(returns: Floats, window: int, risk_free: float = 0.0) -> Floats:
    """mean(r - rf) / std(r, ddof=1) * sqrt(365) of each window. Errors: `rolling_volatility`."""
    windows = _windows(returns, window)
    deviations = np.sqrt(_squares(_centred(windows)) / (window - 1))
    excess = windows.mean(axis=1) - daily_rate(risk_free)
    return _ratio(excess * ROOT_YEAR, deviations, _EPSILON * _size(returns))


def rolling_beta(returns: Floats, benchmark: Floats, window: int) -> Floats:
    """cov(r, b) / var(b) of each window. Errors: `rolling_volatility`."""
    _same_length(returns, benchmark)
    # One centred side is enough: the other's mean times its sum is nothing.
    own, other = _windows(returns, window), _centred(_windows(benchmark, window))
    floor = window * (_EPSILON * _size(benchmark)) ** 2
    return _ratio(np.einsum("ij,ij->i", own, other), _squares(other), floor)


def rolling_correlation(returns: Floats, benchmark: Floats, window: int) -> Floats:
    """Pearson's r of each window, -1…1. Errors: `rolling_volatility`."""
    _same_length(returns, benchmark)
    own, other = _centred(_windows(returns, window)), _centred(_windows(benchmark, window))
    first, second = np.sqrt(_squares(own)), np.sqrt(_squares(other))
    flat = (first <= np.sqrt(window) * _EPSILON * _size(returns)) | (
        second <= np.sqrt(window) * _EPSILON * _size(benchmark)
    )
    together = np.einsum("ij,ij->i", own, other)
    return np.clip(_ratio(together, np.where(flat, 0.0, first * second), 0.0), -1.0, 1.0)


def ewma_volatility(returns: Floats, decay: float = DECAY) -> Floats:
    """sqrt(weighted mean of r^2) * sqrt(365), annual fractions.

    KnownError with fewer than 20 returns, or unless 0 < decay < 1.
    """
    return _weighted(returns, returns, decay) ** 0.5 * ROOT_YEAR


def ewma_sharpe(returns: Floats, decay: float = DECAY, risk_free: float = 0.0) -> Floats:
    """Weighted mean of r - rf / sqrt(weighted mean of r^2) * sqrt(365). Errors as above."""
    means = _weighted(returns, np.ones(len(returns)), decay) - daily_rate(risk_free)
    return _ratio(means * ROOT_YEAR, np.sqrt(_weighted(returns, returns, decay)), 0.0)


def ewma_beta(returns: Floats, benchmark: Floats, decay: float = DECAY) -> Floats:
    """Weighted mean of r b / weighted mean of b^2. Errors as above."""
    return _ratio(_weighted(returns, benchmark, decay), _weighted(benchmark, benchmark, decay), 0.0)


def ewma_correlation(returns: Floats, benchmark: Floats, decay: float = DECAY) -> Floats:
    """Weighted mean of r b / sqrt(weighted means of r^2 and of b^2), -1…1. Errors as above."""
    first = np.sqrt(_weighted(returns, returns, decay))
    second = np.sqrt(_weighted(benchmark, benchmark, decay))
    together = _weighted(returns, benchmark, decay)
    return np.clip(_ratio(together, first * second, 0.0), -1.0, 1.0)


def _windows(returns: Floats, window: int) -> Floats:
    needs = SAMPLES["rolling window"].least
    if window < needs:
        raise KnownError(
            f"A rolling window of {window} days is too short; at least {needs} are needed.",
            "Choose a longer window.",
        )
    checked("rolling window", returns)
    if window > len(returns):
        raise KnownError(
            f"The window of {window} days is longer than the {len(returns)} daily returns.",
            "Choose a shorter window or a longer period.",
        )
    return sliding_window_view(returns, window)


def _centred(windows: Floats) -> Floats:
    # Two passes instead of running sums, which would leave noise where prices stand still.
    return np.asarray(windows - windows.mean(axis=1, keepdims=True), dtype=np.float64)


def _squares(windows: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", windows, windows), dtype=np.float64)


def _weighted(first: Floats, second: Floats, decay: float) -> Floats:
    """Weighted mean of first * second up to each day from WARM_UP on."""
    if not 0.0 < decay < 1.0:
        raise KnownError("The decay factor must lie between 0 and 1.", "Choose 0.94.")
    _same_length(first, second)
    checked("weighted figure", first)
    checked("weighted figure", second)
    n = len(first)
    sums = first * second
    # Doubling: after the step of size s each entry holds the last 2 s products with their weights.
    step = 1
    while step < n and decay**step > 0.0:
        sums[step:] = sums[step:] + decay**step * sums[:-step]
        step *= 2
    weights = np.cumsum(decay ** np.arange(n))
    return np.asarray((sums / weights)[WARM_UP - 1 :], dtype=np.float64)


def _ratio(numerator: Floats, denominator: Floats, floor: float) -> Floats:
    """The quotient, NaN where the denominator is at most `floor`."""
    result = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > floor)
    return result


def _size(returns: Floats) -> float:
    return float(np.abs(returns).max())


def _same_length(first: Floats, second: Floats) -> None:
    if len(first) != len(second):
        raise ValueError("both series must be of the same days")
