"""Returns of a series of closes. Conventions: see `engine.analytics`."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from engine.core.words import counted

Floats = NDArray[np.float64]

MIN_OBSERVATIONS = 3
FEW_OBSERVATIONS = 60


def simple_returns(closes: Floats) -> Floats:
    """P[t] / P[t-1] - 1 of each close but the first."""
    return closes[1:] / closes[:-1] - 1.0


def daily_returns(days: Sequence[date], closes: Floats) -> tuple[list[date], Floats]:
    """The returns over consecutive days; one that spans a gap in the series is left out."""
    if len(days) < 2:
        return [], np.empty(0)
    numbers = np.array([day.toordinal() for day in days])
    adjacent = np.diff(numbers) == 1
    kept = [day for day, follows in zip(days[1:], adjacent, strict=True) if follows]
    return kept, simple_returns(closes)[adjacent]


def period_return(closes: Floats) -> float:
    """Last close / first close - 1. KnownError with fewer than two closes."""
    if len(closes) < 2:
        raise KnownError(
            "There are too few prices for a return over this period.",
            "Choose a longer period or import more prices.",
        )
    return float(closes[-1] / closes[0] - 1.0)


def require_observations(count: int, what: str) -> None:
    """KnownError if there are fewer daily returns than any statistic needs."""
    if count < MIN_OBSERVATIONS:
        raise too_few(count, what, MIN_OBSERVATIONS)


def too_few(count: int, what: str, least: int) -> KnownError:
    """What to raise where a statistic needs at least so many daily returns."""
    verb = "is" if count == 1 else "are"
    many = f"only {counted(count, 'daily return')}" if count else "no daily returns"
    return KnownError(
        f"There {verb} {many} for the {what}; at least {least} are needed.",
        "Choose a longer period or import more prices.",
    )


def small_sample_warning(count: int) -> str:
    """A sentence if a statistic rests on few daily returns, else ""."""
    if count >= FEW_OBSERVATIONS:
        return ""
    return f"This rests on only {counted(count, 'daily return')}, so it is a rough figure."
