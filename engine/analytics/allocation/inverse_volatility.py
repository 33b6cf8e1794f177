"""Weights in proportion to 1 / volatility."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.returns import Floats


def inverse_volatility(covariance: Floats, bounds: Bounds) -> Floats:
    """(1 / s_i) / sum(1 / s_j), s the standard deviations; caps and floors as in Bounds.fill."""
    return bounds.fill(np.sqrt(np.trace(covariance) / np.diag(covariance)))
