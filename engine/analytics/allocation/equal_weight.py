"""The same weight for every asset."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.returns import Floats


def equal_weight(bounds: Bounds) -> Floats:
    """1 / k each; what a cap cuts off is shared equally by the others (see Bounds.fill)."""
    return bounds.fill(np.ones(len(bounds.lower)))
