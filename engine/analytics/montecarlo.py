"""Where the value of a portfolio may be in some days, by simulating its assets' daily returns.

Holdings are kept as they are: no rebalancing, no money in or out. Bootstrap: the days of the sample
are drawn in blocks, all assets together, so that their dependence is kept (stationary bootstrap,
Politis & Romano 1994). Normal and Student-t: returns of the sample's means and covariance, the
latter with fat tails, each draw used with both signs (antithetic variates). The same seed gives the
same bytes. Quantiles, of the bands and of VaR alike, are interpolated linearly between the paths
(Hyndman & Fan 1996, type 7). Nothing here knows what the sample has not seen.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.analytics.allocation.sample import Sample
from engine.analytics.bootstrap import default_block
from engine.analytics.returns import Floats
from engine.analytics.samples import Sample as Needs
from engine.analytics.samples import sample_warning
from engine.analytics.tail import lower_tail
from engine.core.errors import KnownError

Method = Literal["bootstrap", "normal", "student_t"]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
DEGREES = 5.0
"""Degrees of freedom of the Student-t returns; daily returns of coins lie around 3 to 5."""
NEEDS = Needs(60, 365)
MAX_DAYS = 3_650
_MOST_PATHS = 100_000
_MOST_CELLS = 20_000_000
"""Paths times assets, which bounds the memory to about 600 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The simulated values, in the unit of the values that went in.

    bands: shape (len(levels), days + 1): the value that so much of the paths lie below, from today
    on. mean: of the values at the end. loss_probability: of ending below the start, 0…1.
    value_at_risk: the loss that 1 - confidence of the paths reach (negative = a gain); cvar: the
    mean loss of those. n: daily returns in the sample; block: mean length in days, 0 = no blocks.
    """

    start: float
    levels: tuple[float, ...]
    bands: Floats
    mean: float
    loss_probability: float
    value_at_risk: float
    cvar: float
    confidence: float
    days: int
    paths: int
    method: Method
    block: int
    seed: int
    n: int
    warnings: tuple[str, ...]


def simulate(
    sample: Sample,
    values: Sequence[float],
    *,
    cash: float = 0.0,
    days: int = 365,
    paths: int = 10_000,
    method: Method = "bootstrap",
    confidence: float = 0.95,
    seed: int = 0,
) -> Projection:
    """Simulate the value of holdings day by day.

    sample: daily returns of the assets; values: what is held of each, in its order; cash: what
    keeps its value. paths: rounded up to an even number. KnownError with fewer than 60 returns, for
    nothing held, and for days, paths or a confidence out of range.
    """
    _check(sample, values, days, paths, confidence)
    warning = sample_warning("Monte Carlo simulation", len(sample.returns), NEEDS)
    paths += paths % 2
    rng = np.random.default_rng(seed)
    block = default_block(len(sample.returns)) if method == "bootstrap" else 0
    held = np.asarray(values, dtype=np.float64)
    start = float(held.sum()) + cash
    growth = np.ones((paths, len(held)))
    bands = np.full((len(LEVELS), days + 1), start)
    totals = np.full(paths, start)
    for day, factors in enumerate(_steps(rng, sample, paths, days, method, block), start=1):
        growth *= factors
        totals = growth @ held + cash
        bands[:, day] = np.quantile(totals, LEVELS)
    quantile, tail = lower_tail(totals, 1.0 - confidence)
    return Projection(
        start=start,
        levels=LEVELS,
        bands=bands,
        mean=float(totals.mean()),
        loss_probability=float(np.count_nonzero(totals < start)) / paths,
        value_at_risk=start - quantile,
        cvar=start - tail,
        confidence=confidence,
        days=days,
        paths=paths,
        method=method,
        block=block,
        seed=seed,
        n=len(sample.returns),
        warnings=tuple(sentence for sentence in (warning, *_doubts(sample, days)) if sentence),
    )


def _steps(
    rng: np.random.Generator, sample: Sample, paths: int, days: int, method: Method, block: int
) -> Iterator[Floats]:
    """The factors of each day, paths × assets; one day is in memory at a time."""
    if method == "bootstrap":
        gross = 1.0 + sample.returns
        for index in _blocks(rng, len(gross), paths, days, block):
            yield gross[index]
        return
    root = _root(np.cov(sample.returns, rowvar=False, ddof=1).reshape(len(sample.assets), -1))
    means, half = 1.0 + sample.means, paths // 2
    factors = np.empty((paths, len(means)))
    for _ in range(days):
        drawn = rng.standard_normal((half, len(means))) @ root
        if method == "student_t":
            drawn *= np.sqrt((DEGREES - 2.0) / rng.chisquare(DEGREES, size=(half, 1)))
        np.add(means, drawn, out=factors[:half])
        np.subtract(means, drawn, out=factors[half:])
        # A price cannot fall by more than all of it.
        yield np.maximum(factors, 0.0, out=factors)


def _blocks(
    rng: np.random.Generator, n: int, paths: int, days: int, block: int
) -> Iterator[NDArray[np.int64]]:
    """For each day the day of the sample each path takes: the next one, or a new block begins."""
    index = rng.integers(0, n, size=paths)
    for _ in range(days):
        yield index
        begins = rng.random(paths) < 1.0 / block
        index = np.where(begins, rng.integers(0, n, size=paths), index + 1)
        index[index == n] = 0


def _root(covariance: Floats) -> Floats:
    """A with A' A = covariance, which may be singular (Cholesky would refuse)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))).T, dtype=np.float64)


def _check(
    sample: Sample, values: Sequence[float], days: int, paths: int, confidence: float
) -> None:
    if len(values) != len(sample.assets):
        raise ValueError("one value for each asset of the sample")
    if not (all(0.0 <= value < math.inf for value in values) and sum(values) > 0.0):
        raise KnownError("Nothing of value is held to simulate.", "Import transactions and prices.")
    if not 1 <= days <= MAX_DAYS:
        raise KnownError(f"A simulation runs from 1 to {MAX_DAYS:,} days.", "Choose 365.")
    if not 1_000 <= paths <= _MOST_PATHS or paths * len(values) > _MOST_CELLS:
        raise KnownError(
            f"A simulation takes from 1,000 to {_MOST_PATHS:,} paths, fewer for many assets.",
            "Choose 10,000.",
        )
    if not 0.5 <= confidence <= 0.999:
        raise KnownError("The confidence must be from 50 to 99.9 %.", "Choose 95 %.")


def _doubts(sample: Sample, days: int) -> Iterator[str]:
    if days > len(sample.returns):
        yield (
            f"The simulation looks {days:,} days ahead on {len(sample.returns):,} days of history, "
            "so it repeats what happened in them."
        )
