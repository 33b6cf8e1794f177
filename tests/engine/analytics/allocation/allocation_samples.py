"""Returns that are the same on every machine, for tests with golden values."""

from datetime import date, timedelta

import numpy as np

from engine.analytics.allocation.sample import Sample

ASSETS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DAI")
VOLATILITIES = (0.025, 0.035, 0.055, 0.045, 0.05, 0.012)
MARKET = (0.8, 0.9, 0.7, 0.5, 0.8, 0.1)
DRIFTS = (0.0012, 0.0010, 0.0030, 0.0002, -0.0004, 0.0003)


def golden_returns(rows: int = 250) -> np.ndarray:
    """rows × 6 returns with one common factor, from a linear congruential generator."""
    state = 12345

    def draw() -> float:
        nonlocal state
        total = 0.0
        for _ in range(4):
            state = (1103515245 * state + 12345) % 2**31
            total += state / 2**31 - 0.5
        return total * 3**0.5

    table = []
    for _ in range(rows):
        market = draw()
        table.append(
            [
                drift + volatility * (share * market + (1 - share * share) ** 0.5 * draw())
                for drift, volatility, share in zip(DRIFTS, VOLATILITIES, MARKET, strict=True)
            ]
        )
    return np.array(table)


def golden_sample(rows: int = 250) -> Sample:
    first = date(2024, 1, 1)
    return Sample(ASSETS, golden_returns(rows), first, first + timedelta(rows - 1))
