"""The efficient frontier: for each mean return the mix with the smallest variance."""

from dataclasses import dataclass

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.quadratic import Minimum, minimise, regular
from engine.analytics.returns import Floats

_TOLERANCE = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class FrontierPoint:
    """One efficient mix: weights, mean daily return and daily standard deviation (fractions)."""

    weights: Floats
    mean: float
    deviation: float


def efficient_frontier(
    covariance: Floats, means: Floats, bounds: Bounds, points: int = 20
) -> tuple[FrontierPoint, ...]:
    """`points` (>= 2) mixes from the smallest variance to the highest return within the bounds.

    means: mean daily returns. The returns are equally spaced (Markowitz 1952). A single point if
    the mix with the smallest variance has the highest return too.
    """
    matrix = regular(covariance)
    weights = minimum_variance(covariance, bounds)
    lowest, highest = float(means @ weights), float(means @ bounds.highest(means))
    width = _TOLERANCE * float(np.abs(means).max())
    found = [weights]
    if highest - lowest > width:
        tolerance = 0.0
        for target in np.linspace(lowest, highest, points)[1:]:
            weights, tolerance = _with_mean(
                matrix, means, bounds, (weights, tolerance), float(target)
            )
            found.append(weights)
    return tuple(
        FrontierPoint(w, float(means @ w), float(np.sqrt(w @ covariance @ w))) for w in found
    )


def _with_mean(
    matrix: Floats, means: Floats, bounds: Bounds, known: tuple[Floats, float], target: float
) -> tuple[Floats, float]:
    """The efficient weights with a mean return of `target`, and their t.

    They minimise w'Cw / 2 - t means'w for some t above that of `known`, whose mean is lower. w(t)
    is piecewise linear, so Newton's method is exact on the right piece; where the pieces are too
    short to find it, w is interpolated between two neighbours.
    """
    low, (weights, tolerance) = known, known
    high: tuple[Floats, float] | None = None
    width = _TOLERANCE * float(np.abs(means).max())
    step = float(np.trace(matrix)) / len(matrix) / float(np.ptp(means))
    found = minimise(matrix, tolerance * means, bounds, weights)
    for _ in range(400):
        tolerance = _newton(found, means, target, tolerance)
        ceiling = np.inf if high is None else high[1]
        if not low[1] < tolerance < ceiling:
            tolerance = max(2 * low[1], step) if high is None else (low[1] + ceiling) / 2
        found = minimise(matrix, tolerance * means, bounds, weights)
        weights = found.weights
        missing = target - float(means @ weights)
        if abs(missing) <= width:
            return weights, tolerance
        if missing > 0:
            low = (weights, tolerance)
        else:
            high = (weights, tolerance)
        if high is not None and high[1] - low[1] <= _TOLERANCE * high[1]:
            return _between(low, high, means, target)
    raise ArithmeticError(f"no efficient mix found for a mean return of {target}")


def _newton(found: Minimum, means: Floats, target: float, tolerance: float) -> float:
    # slope is with respect to a factor on t * means, so it is t times the derivative by t.
    gain = float(means @ found.slope)
    if gain <= 0 or tolerance == 0:
        return -1.0
    return tolerance * (1.0 + (target - float(means @ found.weights)) / gain)


def _between(
    low: tuple[Floats, float], high: tuple[Floats, float], means: Floats, target: float
) -> tuple[Floats, float]:
    start, end = float(means @ low[0]), float(means @ high[0])
    share = (target - start) / (end - start)
    return (1 - share) * low[0] + share * high[0], low[1]
