"""How many daily returns each measure needs: below `least` it is refused, below `enough` warned of.

The numbers are house rules, not theorems. Ratios of a mean to its spread want a year, since a
yearly Sharpe ratio still has a standard error of about 1 after one (Lo 2002); Calmar wants 36
months (Young 1991); skewness and kurtosis want more than spread; a historical quantile wants ten
observations beyond it.
"""

import math
from dataclasses import dataclass

from engine.analytics.returns import Floats, too_few
from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers of daily returns: refused below `least`, called rough below `enough`."""

    least: int
    enough: int


SAMPLES = {
    "Sharpe ratio": Sample(60, 365),
    "Sortino ratio": Sample(60, 365),
    "information ratio": Sample(60, 365),
    "probabilistic Sharpe ratio": Sample(60, 365),
    "deflated Sharpe ratio": Sample(60, 365),
    "minimum track record": Sample(60, 365),
    "Calmar ratio": Sample(180, 3 * 365),
    "parametric VaR": Sample(30, 250),
    "Cornish-Fisher VaR": Sample(100, 500),
    "beta": Sample(20, 60),
    "tracking error": Sample(20, 60),
    "alpha": Sample(60, 365),
    "rolling window": Sample(20, 60),
    "weighted figure": Sample(20, 60),
    "bootstrap interval": Sample(60, 250),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of n daily returns in the unit its function states; warning: a sentence or ""."""

    value: float
    n: int
    warning: str


def sample_warning(measure: str, count: int, sample: Sample | None = None) -> str:
    """A sentence if `count` daily returns make the measure a rough figure, else "".

    measure: a key of SAMPLES, or any name with its own sample. KnownError below the least count.
    """
    needs = SAMPLES[measure] if sample is None else sample
    if count < needs.least:
        raise too_few(count, measure, needs.least)
    if count < needs.enough:
        return (
            f"The {measure} rests on only {count} daily returns, so it is a rough figure; "
            f"it is steadier from {needs.enough} on."
        )
    return ""


def checked(measure: str, returns: Floats, sample: Sample | None = None) -> str:
    """`sample_warning` for the length of the returns; KnownError too if one is not a number."""
    warning = sample_warning(measure, len(returns), sample)
    if not math.isfinite(returns.sum()):
        raise KnownError(
            "A return of this period is not a number, so a price is zero or missing.",
            "Check the prices of this period.",
        )
    return warning
