"""Confidence intervals of any measure by resampling blocks of days, which keeps their dependence.

Stationary: blocks of random length, geometric with the given mean (Politis & Romano 1994).
Circular: blocks of one length (Politis & Romano 1992). Both wrap around the end. The interval is
the percentile one (Efron 1979). The same seed gives the same interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.analytics.ratios import ROOT_YEAR, daily_rate
from engine.analytics.returns import Floats
from engine.analytics.samples import checked
from engine.core.errors import KnownError

Method = Literal["stationary", "circular"]
RowMeasure = Callable[[Floats], Floats]
"""From samples of shape (rows, n) to one figure of each row."""

_BATCH = 2_000_000
"""Returns resampled at once, which bounds the memory to about 100 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """estimate, low, high in the measure's unit; confidence 0…1; n daily returns.

    block: (mean) length in days; samples: how many were drawn; warning is a sentence or "".
    """

    estimate: float
    low: float
    high: float
    confidence: float
    n: int
    block: int
    samples: int
    method: Method
    seed: int
    warning: str


def interval(
    returns: Floats,
    measure: RowMeasure,
    *,
    confidence: float = 0.95,
    samples: int = 2000,
    block: int | None = None,
    method: Method = "stationary",
    seed: int = 0,
) -> Interval:
    """The percentile interval of a measure over resampled daily returns.

    block: days, or None for `default_block`. KnownError with too few returns, fewer than 100
    samples, a block outside 1…n, a confidence outside 0…1, or if the measure of a sample is not a
    number.
    """
    warning = checked("bootstrap interval", returns)
    n = len(returns)
    length = default_block(n) if block is None else block
    if not 0.0 < confidence < 1.0:
        raise KnownError("The confidence must lie between 0 and 100 %.", "Choose 95 %.")
    if samples < 100:
        raise KnownError("An interval needs at least 100 samples.", "Choose 2000.")
    if not 1 <= length <= n:
        raise KnownError(f"A block must be from 1 to {n} days long.", "Choose another length.")
    rng = np.random.default_rng(seed)
    rows = max(1, _BATCH // n)
    counts = [min(rows, samples - done) for done in range(0, samples, rows)]
    figures = np.concatenate(
        [measure(returns[resampled(rng, n, count, length, method)]) for count in counts]
    )
    estimate = float(measure(returns[np.newaxis])[0])
    if not (np.isfinite(figures).all() and np.isfinite(estimate)):
        raise KnownError("The returns vary too little to resample them.", "Choose a longer period.")
    low, high = np.quantile(figures, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return Interval(
        estimate, float(low), float(high), confidence, n, length, samples, method, seed, warning
    )


def default_block(n: int) -> int:
    """n^(1/3) days, rounded: the rate that is best for a variance (Hall, Horowitz & Jing 1995)."""
    return max(1, round(math.cbrt(n)))


def resampled(
    rng: np.random.Generator, n: int, rows: int, block: int, method: Method
) -> NDArray[np.int64]:
    """Indices 0…n-1 of so many samples of n days each, shape (rows, n)."""
    if method == "circular":
        blocks = -(-n // block)
        starts = rng.integers(0, n, size=(rows, blocks, 1))
        runs = (starts + np.arange(block)).reshape(rows, blocks * block)
        return np.asarray(runs[:, :n] % n, dtype=np.int64)
    days = np.arange(n)
    begins = rng.random((rows, n)) < 1.0 / block
    begins[:, 0] = True
    starts = rng.integers(0, n, size=(rows, n))
    # The day on which the block of each day began, and where that block was taken from.
    began = np.maximum.accumulate(np.where(begins, days, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, began, 1) + days - began) % n, dtype=np.int64)


def mean_rows(samples: Floats) -> Floats:
    """Arithmetic mean of each row, daily fractions."""
    return np.asarray(samples.mean(axis=1), dtype=np.float64)


def volatility_rows(samples: Floats) -> Floats:
    """std(r, ddof=1) * sqrt(365) of each row, annual fractions."""
    return np.asarray(samples.std(axis=1, ddof=1) * ROOT_YEAR, dtype=np.float64)


def sharpe_rows(samples: Floats, risk_free: float = 0.0) -> Floats:
    """mean(r - rf) / std(r, ddof=1) * sqrt(365) of each row; NaN where a row does not vary."""
    deviations = samples.std(axis=1, ddof=1)
    result = np.full(len(samples), np.nan)
    excess = (samples.mean(axis=1) - daily_rate(risk_free)) * ROOT_YEAR
    np.divide(excess, deviations, out=result, where=deviations > 1e-14 * np.abs(samples).max())
    return result


def drawdown_rows(samples: Floats) -> Floats:
    """Largest fall of each row's compounded wealth from its high, the start included; fractions."""
    wealth = np.cumprod(1.0 + samples, axis=1)
    highest = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    return np.asarray((1.0 - wealth / highest).max(axis=1), dtype=np.float64)
