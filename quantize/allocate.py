"""Chooses one option for each of many things: the least total cost within a total size.

The multiple-choice knapsack, solved by merging frontiers: after each thing, only totals that no
other beats in both size and cost are kept. That is exact until more than MOST are left; then the
range of sizes is cut into MOST parts and the cheapest of each is kept, with its own exact size.
Things of few different sizes, as in the equal layers of a model, leave few totals.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 8192


def allocate(
    sizes: Sequence[Sequence[int]], costs: Sequence[Sequence[float]], budget: int
) -> list[int] | None:
    """The option of each thing, with Σ sizes ≤ budget and the least Σ costs found.

    sizes[i][k] in bytes, costs[i][k] ≥ 0 of option k of thing i. None if nothing fits.
    """
    least = [min(options) for options in sizes]
    left = sum(least)  # what the things to come take at least
    totals: NDArray[np.int64] = np.zeros(1, np.int64)
    spent: NDArray[np.float64] = np.zeros(1)
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []  # (state before, option)
    for one_sizes, one_costs, smallest in zip(sizes, costs, least, strict=True):
        left -= smallest
        count = len(one_sizes)
        new_totals = (totals[:, None] + np.array(one_sizes, np.int64)).ravel()
        new_spent = (spent[:, None] + np.array(one_costs, np.float64)).ravel()
        kept = _frontier(new_totals, new_spent, budget - left)
        if not len(kept):
            return None
        totals, spent = new_totals[kept], new_spent[kept]
        steps.append((kept // count, kept % count))
    state = int(np.argmin(spent))
    chosen = []
    for before, option in reversed(steps):
        chosen.append(int(option[state]))
        state = int(before[state])
    return chosen[::-1]


def _frontier(
    totals: NDArray[np.int64], spent: NDArray[np.float64], limit: int
) -> NDArray[np.int64]:
    """Which states to keep: those within the limit that are cheaper than all smaller ones."""
    order = np.lexsort((spent, totals))
    order = order[totals[order] <= limit]
    best = np.minimum.accumulate(np.append(np.inf, spent[order]))
    order = order[spent[order] < best[:-1]]
    if len(order) > MOST:
        # Costs fall with size, so the last of each part is its cheapest.
        low, high = totals[order[0]], totals[order[-1]]
        part = (totals[order] - low) * MOST // (high - low + 1)
        order = order[np.append(part[1:] != part[:-1], True)]
    return order
