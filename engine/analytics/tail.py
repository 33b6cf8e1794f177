"""Value at risk and expected shortfall over one day: historical, normal and Cornish-Fisher.

Conventions: see `engine.analytics`. A loss is a positive fraction of the value; a negative figure
means that even the tail is a gain. Confidence 0.95 is about the worst day in twenty.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine.analytics.moments import mean_and_deviation, skew_and_kurtosis
from engine.analytics.returns import Floats
from engine.analytics.samples import Sample, checked
from engine.core.errors import KnownError

_NORMAL = NormalDist()
_TAIL_ENOUGH = 10
"""Observations beyond the quantile from which a historical figure is not called rough."""


@dataclass(frozen=True, slots=True)
class TailRisk:
    """Losses of one day as positive fractions: var is passed in 1 - confidence of the days, cvar
    is the mean loss of those days. n daily returns; warning is a sentence or ""."""

    var: float
    cvar: float
    confidence: float
    n: int
    warning: str


def historical(returns: Floats, confidence: float = 0.95) -> TailRisk:
    """The quantile of past returns and the mean of those beyond it.

    VaR is the linearly interpolated percentile (Hyndman & Fan 1996, type 7). CVaR averages exactly
    n (1 - confidence) observations, the last one in part (Rockafellar & Uryasev 2002). KnownError
    with fewer than 1 / (1 - confidence) returns.
    """
    share = _share(confidence)
    least = math.ceil(1.0 / share - 1e-9)
    needs = Sample(least, math.ceil(_TAIL_ENOUGH / share - 1e-9))
    warning = checked("historical VaR", returns, needs)
    quantile, mean = lower_tail(returns, share)
    return TailRisk(-quantile, -mean, confidence, len(returns), warning)


def lower_tail(values: Floats, share: float) -> tuple[float, float]:
    """The quantile of a share of the values, and the mean of the n * share lowest.

    The quantile is interpolated linearly between order statistics (Hyndman & Fan 1996, type 7); the
    last of the lowest counts in part (Rockafellar & Uryasev 2002). share: 1 / n to 0.5.
    """
    n = len(values)
    size = n * share
    # The tolerance keeps an integer tail size such as 20 * (1 - 0.95) from being rounded up.
    whole = min(n - 1, math.floor(size + 1e-9))
    position = (n - 1) * share
    low = math.floor(position)
    above = min(low + 1, n - 1)
    # Several indices at once: numpy takes a slower way for a single one.
    lowest = np.partition(values, (low, above, whole))
    quantile = float(lowest[low]) + (position - low) * float(lowest[above] - lowest[low])
    total = float(lowest[:whole].sum()) + (size - whole) * float(lowest[whole])
    return quantile, total / size


def parametric(returns: Floats, confidence: float = 0.95) -> TailRisk:
    """The tail of a normal law with the returns' mean m and standard deviation s (ddof 1).

    VaR = -(m + z s), CVaR = -m + s phi(z) / (1 - confidence), z the normal quantile of
    1 - confidence (McNeil, Frey & Embrechts 2005, 2.2.4). KnownError with too few returns, or if
    they do not vary.
    """
    share = _share(confidence)
    warning = checked("parametric VaR", returns)
    mean, deviation = mean_and_deviation(returns, "parametric VaR")
    quantile = _NORMAL.inv_cdf(share)
    beyond = -_NORMAL.pdf(quantile) / share
    return TailRisk(
        -(mean + quantile * deviation),
        -(mean + beyond * deviation),
        confidence,
        len(returns),
        warning,
    )


def cornish_fisher(returns: Floats, confidence: float = 0.95) -> TailRisk:
    """The normal tail bent by the returns' skewness S and excess kurtosis K.

    z' = z + (z^2 - 1) S/6 + (z^3 - 3z) K/24 - (2z^3 - 5z) S^2/36 replaces z (Cornish & Fisher
    1938); CVaR is the mean of z' beyond the quantile, in closed form. KnownError with too few
    returns, if they do not vary, or if z' does not rise with z everywhere (Maillard 2012), where
    the expansion is no distribution.
    """
    share = _share(confidence)
    warning = checked("Cornish-Fisher VaR", returns)
    mean, deviation = mean_and_deviation(returns, "Cornish-Fisher VaR")
    skew, kurtosis = skew_and_kurtosis(returns)
    excess = kurtosis - 3.0
    if not monotone(skew, excess):
        raise KnownError(
            f"The Cornish-Fisher VaR does not hold for returns with a skewness of {skew:.2f} "
            f"and an excess kurtosis of {excess:.2f}.",
            "Use the historical VaR.",
        )
    c0, c1, c2, c3 = _coefficients(skew, excess)
    z = _NORMAL.inv_cdf(share)
    # Means of 1, z, z^2, z^3 below the quantile of a standard normal law, by parts.
    density = _NORMAL.pdf(z) / share
    beyond = c0 - c1 * density + c2 * (1.0 - z * density) - c3 * density * (z**2 + 2.0)
    bent = c0 + z * (c1 + z * (c2 + z * c3))
    return TailRisk(
        -(mean + bent * deviation), -(mean + beyond * deviation), confidence, len(returns), warning
    )


def monotone(skew: float, excess: float) -> bool:
    """Whether the Cornish-Fisher expansion rises everywhere for a skewness and excess kurtosis.

    Its derivative (K/8 - S^2/6) z^2 + S/3 z + 1 - K/8 + 5 S^2/36 must nowhere be negative
    (Maillard 2012, "A User's Guide to the Cornish Fisher Expansion").
    """
    _, c1, c2, c3 = _coefficients(skew, excess)
    return c1 > 0.0 and c3 >= 0.0 and c2**2 <= 3.0 * c3 * c1


def _coefficients(skew: float, excess: float) -> tuple[float, float, float, float]:
    """Of z' as a polynomial in z, the constant first."""
    square = skew**2 / 36.0
    return (
        -skew / 6.0,
        1.0 - excess / 8.0 + 5.0 * square,
        skew / 6.0,
        excess / 24.0 - 2.0 * square,
    )


def _share(confidence: float) -> float:
    if not 0.5 <= confidence < 1.0:
        raise KnownError("The confidence must be from 50 % to below 100 %.", "Choose 95 % or 99 %.")
    return 1.0 - confidence
