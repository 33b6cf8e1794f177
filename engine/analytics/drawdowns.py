"""Every fall from a peak, and what they come to: average depth, ulcer index, time under water.

Conventions: see `engine.analytics`. Values are closes or a wealth index whose first entry is the
starting wealth, so that a loss on the first day counts. Depths are positive fractions of the peak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.analytics.returns import Floats
from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Episode:
    """One stay below a peak. depth: fraction of the peak; peak: the last day at the high.

    recovered: the first day back at it, None if not yet. Lengths are calendar days: fall from the
    peak to the trough, recovery from there back up, length both, up to the last day if it goes on.
    """

    depth: float
    peak: date
    trough: date
    recovered: date | None
    fall: int
    recovery: int | None
    length: int


@dataclass(frozen=True, slots=True)
class Drawdowns:
    """All falls of a series in order of time, and their summary.

    deepest, current: fractions. average: the mean depth over the n days after the first, those at
    a high counting as 0. average_episode: the mean of the episodes' depths. ulcer_index: the root
    mean square of those n depths, a fraction (Martin & McCann 1989 give it in percent).
    under_water: the share of the n days below the high, 0…1. longest: calendar days.
    """

    episodes: tuple[Episode, ...]
    deepest: float
    current: float
    average: float
    average_episode: float
    ulcer_index: float
    under_water: float
    longest: int
    n: int


def depths(values: Floats) -> Floats:
    """1 - value / highest value so far, one for each value. Values must be positive."""
    return 1.0 - values / np.maximum.accumulate(values)


def drawdowns(days: Sequence[date], values: Floats) -> Drawdowns:
    """All falls from a peak of a series of closes or wealth, one value for each day.

    KnownError with fewer than two values, or if one is not a positive number.
    """
    if len(values) < 2:
        raise KnownError(
            "There are too few prices for a drawdown over this period.",
            "Choose a longer period or import more prices.",
        )
    if not (np.isfinite(values).all() and values.min() > 0.0):
        raise KnownError(
            "A value of this period is zero or missing, so there is no drawdown.",
            "Check the prices of this period.",
        )
    falls = depths(values)
    found = _episodes(days, falls)
    # The first day is the starting wealth: no day of returns, and never below itself.
    n = len(values) - 1
    return Drawdowns(
        episodes=found,
        deepest=float(falls.max()),
        current=float(falls[-1]),
        average=float(falls.sum()) / n,
        average_episode=sum(e.depth for e in found) / len(found) if found else 0.0,
        ulcer_index=float(np.sqrt(falls @ falls / n)),
        under_water=int(np.count_nonzero(falls)) / n,
        longest=max((e.length for e in found), default=0),
        n=n,
    )


def deepest_episodes(found: Drawdowns, count: int) -> list[Episode]:
    """The deepest falls, the deepest first; the earlier one first where two are as deep."""
    return sorted(found.episodes, key=lambda e: -e.depth)[:count]


def _episodes(days: Sequence[date], falls: Floats) -> tuple[Episode, ...]:
    below = np.concatenate(([False], falls > 0.0, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    # Of each run below the high: its first index, and the index after its last.
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return tuple(_episode(days, falls, first, after) for first, after in runs)


def _episode(days: Sequence[date], falls: Floats, first: int, after: int) -> Episode:
    trough = first + int(np.argmax(falls[first:after]))
    peak, low = days[first - 1], days[trough]
    recovered = days[after] if after < len(falls) else None
    end = recovered or days[-1]
    return Episode(
        depth=float(falls[trough]),
        peak=peak,
        trough=low,
        recovered=recovered,
        fall=(low - peak).days,
        recovery=None if recovered is None else (recovered - low).days,
        length=(end - peak).days,
    )
