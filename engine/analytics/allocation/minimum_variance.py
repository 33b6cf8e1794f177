"""The mix with the smallest variance."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.quadratic import minimise, regular
from engine.analytics.returns import Floats


def minimum_variance(covariance: Floats, bounds: Bounds) -> Floats:
    """argmin w'Cw within the bounds (Markowitz 1952): exact, by the active-set method."""
    start = bounds.fill(1.0 / np.diag(covariance))
    return minimise(regular(covariance), np.zeros(len(start)), bounds, start).weights
