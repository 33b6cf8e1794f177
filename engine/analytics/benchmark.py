"""A series against a benchmark: beta, alpha, tracking error, up and down capture.

Conventions: see `engine.analytics`. All functions but `aligned_returns` take daily returns of the
same days, fractions, as it returns them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.analytics.moments import mean_and_deviation
from engine.analytics.ratios import ROOT_YEAR, daily_rate
from engine.analytics.returns import Floats, daily_returns
from engine.analytics.risk import DAYS_PER_YEAR
from engine.analytics.samples import Figure, Sample, checked
from engine.core.errors import KnownError

CAPTURE_DAYS = Sample(10, 60)
"""Days on which the benchmark rose, or fell, that a capture ratio needs."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A ratio of geometric mean daily returns, 1 = the same as the benchmark.

    days: on which the benchmark moved that way; warning is a sentence or "".
    """

    value: float
    days: int
    warning: str


def aligned_returns(
    days: Sequence[date], closes: Floats, benchmark_days: Sequence[date], benchmark: Floats
) -> tuple[list[date], Floats, Floats]:
    """The daily returns of both series on the days both have one: days, own, benchmark's."""
    own_days, own = daily_returns(days, closes)
    other_days, other = daily_returns(benchmark_days, benchmark)
    _, first, second = np.intersect1d(
        np.array([day.toordinal() for day in own_days], dtype=np.int64),
        np.array([day.toordinal() for day in other_days], dtype=np.int64),
        assume_unique=True,
        return_indices=True,
    )
    return [own_days[i] for i in first.tolist()], own[first], other[second]


def beta(returns: Floats, benchmark: Floats) -> Figure:
    """cov(r, b) / var(b), the move for a move of 1 of the benchmark (Sharpe 1964).

    KnownError with too few returns, or if the benchmark's do not vary.
    """
    warning = _both_checked("beta", returns, benchmark)
    return Figure(_slope(returns, benchmark), len(returns), warning)


def alpha(returns: Floats, benchmark: Floats, risk_free: float = 0.0) -> Figure:
    """(1 + mean(r - rf - beta (b - rf)))^365 - 1, an annual fraction (Jensen 1968, compounded).

    risk_free: annual fraction. KnownError as `beta`.
    """
    warning = _both_checked("alpha", returns, benchmark)
    n = len(returns)
    slope = _slope(returns, benchmark)
    free = daily_rate(risk_free)
    daily = float(returns.sum()) / n - free - slope * (float(benchmark.sum()) / n - free)
    return Figure((1.0 + daily) ** DAYS_PER_YEAR - 1.0, n, warning)


def tracking_error(returns: Floats, benchmark: Floats) -> Figure:
    """std(r - b, ddof=1) * sqrt(365), an annual fraction; 0 for the benchmark itself.

    KnownError with too few returns.
    """
    warning = _both_checked("tracking error", returns, benchmark)
    active = returns - benchmark
    centred = active - active.sum() / len(active)
    variance = float(centred @ centred) / (len(active) - 1)
    return Figure(math.sqrt(variance) * ROOT_YEAR, len(active), warning)


def up_capture(returns: Floats, benchmark: Floats) -> Capture:
    """The geometric mean return on days the benchmark rose, over the benchmark's own there.

    Both are (prod(1 + r))^(1/days) - 1, which is Morningstar's ratio by day; 1.2 = rises a fifth
    more. KnownError with too few such days, or for a return below -100 %.
    """
    return _capture(returns, benchmark, benchmark > 0.0, "up capture")


def down_capture(returns: Floats, benchmark: Floats) -> Capture:
    """As `up_capture` for the days the benchmark fell: 0.8 = falls a fifth less."""
    return _capture(returns, benchmark, benchmark < 0.0, "down capture")


def _capture(returns: Floats, benchmark: Floats, kept: np.ndarray, measure: str) -> Capture:
    own, other = returns[kept], benchmark[kept]
    days = len(own)
    warning = checked(measure, own, CAPTURE_DAYS)
    checked(measure, other, CAPTURE_DAYS)
    if own.min() < -1.0 or other.min() < -1.0:
        raise KnownError(
            "A return of this period is below -100 %, so nothing compounds.",
            "Check the prices of this period.",
        )
    theirs = float(np.prod(1.0 + other)) ** (1.0 / days) - 1.0
    if theirs == 0.0:
        raise KnownError(
            f"The benchmark hardly moved, so there is no {measure}.", "Choose another benchmark."
        )
    return Capture((float(np.prod(1.0 + own)) ** (1.0 / days) - 1.0) / theirs, days, warning)


def _both_checked(measure: str, returns: Floats, benchmark: Floats) -> str:
    if len(returns) != len(benchmark):
        raise ValueError("returns and benchmark must be of the same days")
    checked(measure, benchmark)
    return checked(measure, returns)


def _slope(returns: Floats, benchmark: Floats) -> float:
    mean, deviation = mean_and_deviation(benchmark, "beta")
    centred = benchmark - mean
    # The benchmark is centred, so centring the returns would change nothing.
    return float(centred @ returns) / ((len(benchmark) - 1) * deviation**2)
