"""Correlation of two assets. Conventions: see `engine.analytics`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.analytics.returns import (
    Floats,
    daily_returns,
    require_observations,
    small_sample_warning,
)
from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's r of the daily returns of the n days that both series have; warning or ""."""

    value: float
    n: int
    first: date
    last: date
    warning: str


def correlation(
    days_a: Sequence[date], closes_a: Floats, days_b: Sequence[date], closes_b: Floats
) -> Correlation:
    """Pearson's correlation coefficient, -1…1.

    KnownError with fewer than three common days of returns, or if one price never moved.
    """
    returns_a = dict(zip(*_returns(days_a, closes_a), strict=True))
    returns_b = dict(zip(*_returns(days_b, closes_b), strict=True))
    common = sorted(returns_a.keys() & returns_b.keys())
    return pearson(
        common,
        np.array([returns_a[day] for day in common]),
        np.array([returns_b[day] for day in common]),
    )


def pearson(days: Sequence[date], a: Floats, b: Floats) -> Correlation:
    """Pearson's r of two series of the same days, by day.

    KnownError with fewer than three days, or if one series never changes.
    """
    require_observations(len(days), "correlation")
    a = a - a.mean()
    b = b - b.mean()
    scale = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    if np.ptp(a) == 0.0 or np.ptp(b) == 0.0 or scale == 0.0:
        raise KnownError(
            "One of the two series did not move, so there is no correlation.",
            "Choose another asset or a longer period.",
        )
    value = min(1.0, max(-1.0, float(np.dot(a, b)) / scale))
    return Correlation(value, len(days), days[0], days[-1], small_sample_warning(len(days)))


def _returns(days: Sequence[date], closes: Floats) -> tuple[list[date], list[float]]:
    kept, returns = daily_returns(days, closes)
    return kept, returns.tolist()
