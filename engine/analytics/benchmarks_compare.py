"""A portfolio beside benchmarks: one coin, a mix with monthly rebalancing, any series.

Conventions: see `engine.analytics`. Both sides are daily returns on the days both have; the curves
start at 1. A portfolio's are its time-weighted ones, so money paid in is no return.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np

from engine.analytics.benchmark import (
    Capture,
    alpha,
    beta,
    down_capture,
    tracking_error,
    up_capture,
)
from engine.analytics.ratios import information_ratio
from engine.analytics.returns import Floats, daily_returns, require_observations
from engine.analytics.samples import Figure
from engine.core.errors import KnownError

T = TypeVar("T", Figure, Capture)

CASH = "CASH"
"""In a mix: what keeps its value."""

Closes = tuple[Sequence[date], Floats]
Returns = tuple[list[date], Floats]
"""Days, ascending, and the return of each, a fraction."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Own and benchmark over the n days both have; returns are fractions of the whole period.

    own, benchmark: wealth curves, 1 before the first of `days`, then one value per day. excess:
    own return less the benchmark's. Figures that too few days allow are None, with the reason in
    notes; left_out: own days without a return of the benchmark.
    """

    name: str
    days: tuple[date, ...]
    own: Floats
    benchmark: Floats
    beta: Figure | None
    alpha: Figure | None
    tracking_error: Figure | None
    information_ratio: Figure | None
    up_capture: Capture | None
    down_capture: Capture | None
    left_out: int
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of daily returns compared."""
        return len(self.days)

    @property
    def own_return(self) -> float:
        """The return of the whole period, a fraction."""
        return float(self.own[-1]) - 1.0

    @property
    def benchmark_return(self) -> float:
        """The benchmark's return on the same days, a fraction."""
        return float(self.benchmark[-1]) - 1.0

    @property
    def excess(self) -> float:
        """Own return less the benchmark's."""
        return self.own_return - self.benchmark_return


def compare(name: str, own: Returns, benchmark: Returns, risk_free: float = 0.0) -> Comparison:
    """Compare daily returns with those of a benchmark called `name`.

    risk_free: annual fraction, for alpha. KnownError with fewer than three days in common.
    """
    days, first, second = _aligned(own, benchmark)
    require_observations(len(days), f"comparison with {name}")
    notes: list[str] = []

    def figure(measure: Callable[[Floats, Floats], T]) -> T | None:
        try:
            found = measure(first, second)
        except KnownError as error:
            notes.append(error.sentence)
            return None
        if found.warning:
            notes.append(found.warning)
        return found

    return Comparison(
        name=name,
        days=tuple(days),
        own=_curve(first),
        benchmark=_curve(second),
        beta=figure(beta),
        alpha=figure(lambda a, b: alpha(a, b, risk_free)),
        tracking_error=figure(tracking_error),
        information_ratio=figure(information_ratio),
        up_capture=figure(up_capture),
        down_capture=figure(down_capture),
        left_out=len(own[0]) - len(days),
        notes=tuple(dict.fromkeys(notes)),
    )


def mix_returns(closes: Mapping[str, Closes], weights: Mapping[str, float]) -> Returns:
    """The daily returns of a mix whose weights are restored at the start of each month.

    closes: of each asset but CASH. weights: fractions that sum to 1; negative ones are refused.
    Days on which one asset has no return are left out. KnownError for weights that make no sense
    or without a common day.
    """
    used = {asset: weight for asset, weight in weights.items() if weight != 0.0}
    sums_to_one = abs(sum(used.values()) - 1.0) <= 1e-6
    if not sums_to_one or min(used.values()) < 0.0:
        raise KnownError(
            "The weights of a benchmark must be positive and sum to 100 %.", "Give other weights."
        )
    tables = [
        dict(zip(*_listed(daily_returns(*closes[asset])), strict=True))
        for asset in used
        if asset != CASH
    ]
    if not tables:
        raise KnownError("A benchmark needs more than cash.", "Give it an asset.")
    days = sorted(set.intersection(*(set(table) for table in tables)))
    if not days:
        raise KnownError(
            "The assets of the benchmark have no days in common.",
            "Choose a longer period or import more prices.",
        )
    assets = np.array([[table[day] for day in days] for table in tables])
    targets = np.array([weight for asset, weight in used.items() if asset != CASH])
    return days, _rebalanced(days, assets, targets, used.get(CASH, 0.0))


def _rebalanced(days: list[date], returns: Floats, targets: Floats, cash: float) -> Floats:
    """Within a month the parts drift: the growth of the mix is the weighted sum of theirs."""
    months = np.array([day.year * 12 + day.month for day in days])
    starts = np.flatnonzero(np.concatenate(([True], np.diff(months) != 0)))
    found = np.empty(len(days))
    for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
        values = targets @ np.cumprod(1.0 + returns[:, start:end], axis=1) + cash
        found[start:end] = values / np.concatenate(([1.0], values[:-1])) - 1.0
    return found


def _aligned(own: Returns, benchmark: Returns) -> tuple[list[date], Floats, Floats]:
    theirs = dict(zip(*_listed(benchmark), strict=True))
    ours = zip(*_listed(own), strict=True)
    pairs = [(day, one, theirs[day]) for day, one in ours if day in theirs]
    return (
        [day for day, _, _ in pairs],
        np.array([one for _, one, _ in pairs]),
        np.array([other for _, _, other in pairs]),
    )


def _listed(returns: Returns) -> tuple[list[date], list[float]]:
    return returns[0], returns[1].tolist()


def _curve(returns: Floats) -> Floats:
    return np.concatenate(([1.0], np.cumprod(1.0 + returns)))
