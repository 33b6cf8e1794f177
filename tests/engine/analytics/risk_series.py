"""Two series of 400 daily returns made by integer arithmetic, so that every library sees the same.

They are simulated, not prices of anything: `market` is uniform within 4 %, `own` follows it at 0.8
with a noise of its own, mostly small and at times as large as 6 %.
"""

import numpy as np
from numpy.typing import NDArray

COUNT = 400


def market() -> NDArray[np.float64]:
    """Daily returns of the benchmark, fractions."""
    return _uniform(7) * 0.04 + 0.0005


def own() -> NDArray[np.float64]:
    """Daily returns of the measured series, fractions."""
    return 0.8 * market() + _uniform(11) ** 3 * 0.06 + 0.0004


def _uniform(state: int) -> NDArray[np.float64]:
    """Numbers of -1…1 from a linear congruential generator (modulus 2^31)."""
    drawn = []
    for _ in range(COUNT):
        state = (1103515245 * state + 12345) % 2**31
        drawn.append((state // 256) % 2001 - 1000)
    return np.array(drawn, dtype=np.float64) / 1000.0
