"""Volatility and drawdown. Conventions: see `engine.analytics`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.analytics.returns import Floats, require_observations
from engine.core.errors import KnownError

DAYS_PER_YEAR = 365


def volatility(returns: Floats) -> float:
    """Annualised standard deviation of daily returns: std(r, ddof=1) * sqrt(365), a fraction.

    KnownError with fewer than three returns.
    """
    require_observations(len(returns), "volatility")
    return float(np.std(returns, ddof=1) * math.sqrt(DAYS_PER_YEAR))


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak: depth is a fraction, 0 if the series never fell.

    peak, trough: the days of the high before it and of the low. recovered: the first day back at
    the peak's level, None if not yet.
    """

    depth: float
    peak: date
    trough: date
    recovered: date | None


def max_drawdown(days: Sequence[date], values: Floats) -> Drawdown:
    """The largest 1 - value / highest value so far. KnownError with fewer than two values."""
    if len(values) < 2:
        raise KnownError(
            "There are too few prices for a drawdown over this period.",
            "Choose a longer period or import more prices.",
        )
    highest = np.maximum.accumulate(values)
    falls = 1.0 - values / highest
    trough = int(np.argmax(falls))
    peak = int(np.argmax(values[: trough + 1]))
    back = np.flatnonzero(values[trough:] >= values[peak])
    return Drawdown(
        depth=float(falls[trough]),
        peak=days[peak],
        trough=days[trough],
        recovered=days[trough + int(back[0])] if len(back) else None,
    )
