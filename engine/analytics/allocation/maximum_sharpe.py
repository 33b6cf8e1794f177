"""The mix with the highest Sharpe ratio."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.quadratic import minimise, regular
from engine.analytics.returns import Floats
from engine.core.errors import KnownError

_TOLERANCE = 1e-13


def maximum_sharpe(covariance: Floats, excess: Floats, bounds: Bounds) -> Floats:
    """argmax e'w / sqrt(w'Cw) within the bounds (Sharpe 1966).

    excess: e, the mean daily returns above the risk-free rate. The efficient mixes w(t) minimise
    w'Cw / 2 - t e'w; the best one has t = w'Cw / e'w. Between two changes of the set of free
    weights w = a + t b with b'Ca = 0, so t = a'Ca / e'a is exact there: Newton's method that ends
    after finitely many steps, safeguarded by bisection. Raises KnownError if no mix earned more
    than the risk-free rate.
    """
    matrix = regular(covariance)
    if float(excess @ bounds.highest(excess)) <= 0:
        raise KnownError(
            "No mix of these assets earned more than the risk-free rate in this period.",
            "Choose another period or a method that does not use past returns.",
        )
    weights = bounds.fill(1.0 / np.diag(covariance))
    low, high = 0.0, np.inf
    tolerance = float(np.trace(matrix)) / len(matrix) / float(np.abs(excess).max())
    for _ in range(200):
        found = minimise(matrix, tolerance * excess, bounds, weights)
        weights = found.weights
        variance, earned = float(weights @ matrix @ weights), float(excess @ weights)
        gap = variance - tolerance * earned
        if abs(gap) <= _TOLERANCE * variance or high - low <= _TOLERANCE * low:
            break
        low, high = (tolerance, high) if gap > 0 else (low, tolerance)
        anchor = weights - found.slope
        earned = float(excess @ anchor)
        tolerance = float(anchor @ matrix @ anchor) / earned if earned > 0 else np.inf
        if not low < tolerance < high:
            tolerance = (low + high) / 2 if np.isfinite(high) else 2 * low
    return weights
