"""Mean, spread and shape of a series of returns."""

import math

from engine.analytics.returns import Floats
from engine.core.errors import KnownError

_ROUNDING = 1e-14
"""A deviation this small beside the mean is what rounding leaves of equal returns."""


def mean_and_deviation(returns: Floats, measure: str) -> tuple[float, float]:
    """Arithmetic mean and standard deviation (ddof 1) of daily returns, fractions per day.

    KnownError if the returns are all equal, since the measure divides by the deviation.
    """
    n = len(returns)
    mean = float(returns.sum()) / n
    centred = returns - mean
    deviation = math.sqrt(float(centred @ centred) / (n - 1))
    if deviation <= _ROUNDING * abs(mean):
        raise KnownError(
            f"These returns do not vary, so there is no {measure}.",
            "Choose another asset or a longer period.",
        )
    return mean, deviation


def skew_and_kurtosis(returns: Floats) -> tuple[float, float]:
    """Skewness m3 / m2^1.5 and kurtosis m4 / m2^2 from population moments; a normal law has 0, 3.

    The returns must vary, which `mean_and_deviation` checks.
    """
    n = len(returns)
    centred = returns - float(returns.sum()) / n
    squares = centred * centred
    second = float(squares.sum()) / n
    third = float(squares @ centred) / n
    fourth = float(squares @ squares) / n
    return third / second**1.5, fourth / second**2
