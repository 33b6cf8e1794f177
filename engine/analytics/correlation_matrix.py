"""Correlations of many assets, each pair on the days both have, and assets alike side by side.

Conventions: see `engine.analytics`. Distance of two assets: sqrt((1 - r) / 2), 0 for the same
course and 1 for the opposite one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.analytics.allocation.clustering import Linkage, cluster, leaf_order
from engine.analytics.benchmark import aligned_returns
from engine.analytics.returns import (
    FEW_OBSERVATIONS,
    MIN_OBSERVATIONS,
    Floats,
    daily_returns,
)
from engine.analytics.rolling import rolling_correlation
from engine.core.errors import KnownError

Method = Literal["pearson", "spearman"]
MAX_ASSETS = 200

Closes = tuple[Sequence[date], Floats]
"""The days of an asset, ascending, and its close on each."""


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationMatrix:
    """values: k × k, -1…1, NaN where a pair has none; n: the daily returns of each pair.

    order: the columns, assets alike side by side. first, last: of the days of all returns used.
    warnings: sentences on pairs that are left out or rest on few days.
    """

    assets: tuple[str, ...]
    values: Floats
    n: NDArray[np.int64]
    order: tuple[int, ...]
    method: Method
    linkage: Linkage
    first: date
    last: date
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RollingCorrelation:
    """Pearson's r of each window, by its last day; NaN where a price stood still."""

    days: tuple[date, ...]
    values: Floats
    window: int
    n: int


def correlation_matrix(
    closes: Mapping[str, Closes], method: Method = "pearson", linkage: Linkage = "average"
) -> CorrelationMatrix:
    """All pairs of two assets or more.

    spearman: Pearson's r of the ranks, equal returns sharing the mean of theirs (Spearman 1904).
    KnownError for fewer than two or over 200 assets, or if no pair has three daily returns.
    """
    if not 2 <= len(closes) <= MAX_ASSETS:
        raise KnownError(
            f"A correlation matrix needs from 2 to {MAX_ASSETS} assets, not {len(closes)}.",
            "Choose other assets.",
        )
    days, table = _table(closes)
    count = len(closes)
    values, n = np.eye(count), np.zeros((count, count), dtype=np.int64)
    known = np.isfinite(table)
    np.fill_diagonal(n, known.sum(axis=0))
    for i in range(count):
        for j in range(i + 1, count):
            common = known[:, i] & known[:, j]
            n[i, j] = n[j, i] = np.count_nonzero(common)
            values[i, j] = values[j, i] = _correlation(table[common, i], table[common, j], method)
    if not np.isfinite(values[~np.eye(count, dtype=np.bool_)]).any():
        raise KnownError(
            "These assets have too few daily returns in common, or prices that did not move.",
            "Choose a longer period or other assets.",
        )
    names = tuple(closes)
    return CorrelationMatrix(
        assets=names,
        values=values,
        n=n,
        order=tuple(leaf_order(cluster(_distances(values), linkage))),
        method=method,
        linkage=linkage,
        first=days[0],
        last=days[-1],
        warnings=tuple(_warnings(names, values, n)),
    )


def rolling_pair(first: Closes, second: Closes, window: int = 90) -> RollingCorrelation:
    """Pearson's r along time on the days both have, `window` returns at a time.

    KnownError if the window is shorter than 20 days or longer than the series.
    """
    days, own, other = aligned_returns(*first, *second)
    values = rolling_correlation(own, other, window)
    return RollingCorrelation(tuple(days[window - 1 :]), values, window, len(days))


def _table(closes: Mapping[str, Closes]) -> tuple[list[date], Floats]:
    """Daily returns by day and asset, NaN where an asset has none."""
    columns = [daily_returns(days, values) for days, values in closes.values()]
    days = sorted(set().union(*(kept for kept, _ in columns)))
    if not days:
        raise KnownError(
            "These assets have no daily returns.", "Choose a longer period or import more prices."
        )
    numbers = np.array([day.toordinal() for day in days])
    table = np.full((len(days), len(columns)), np.nan)
    for column, (kept, returns) in enumerate(columns):
        rows = np.searchsorted(numbers, [day.toordinal() for day in kept])
        table[rows, column] = returns
    return days, table


def _correlation(a: Floats, b: Floats, method: Method) -> float:
    """NaN for too few returns, or if one series does not vary."""
    if len(a) < MIN_OBSERVATIONS or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return float("nan")
    if method == "spearman":
        a, b = _ranks(a), _ranks(b)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / scale, -1.0, 1.0)) if scale > 0.0 else float("nan")


def _ranks(values: Floats) -> Floats:
    """1…n, equal values sharing the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Floats = (last - (counts - 1) / 2.0)[inverse]
    return shared


def _distances(values: Floats) -> Floats:
    """What is not known counts as uncorrelated."""
    return np.asarray(np.sqrt((1.0 - np.nan_to_num(values)) / 2.0), dtype=np.float64)


def _warnings(names: tuple[str, ...], values: Floats, n: NDArray[np.int64]) -> list[str]:
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    missing = [f"{names[i]}-{names[j]}" for i, j in pairs if not np.isfinite(values[i, j])]
    few = [
        int(n[i, j]) for i, j in pairs if np.isfinite(values[i, j]) and n[i, j] < FEW_OBSERVATIONS
    ]
    found = []
    if missing:
        shown = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        found.append(
            f"There is no correlation for {shown}: too few days in common, or a price that did "
            "not move."
        )
    if few:
        pairs_said = "1 pair rests" if len(few) == 1 else f"{len(few):,} pairs rest"
        found.append(
            f"{pairs_said} on fewer than {FEW_OBSERVATIONS} daily returns (the fewest: "
            f"{min(few)}), so the figures are rough."
        )
    return found
