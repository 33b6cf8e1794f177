"""Hierarchical clustering by single or average linkage, and the order of its leaves."""

from typing import Literal

import numpy as np

from engine.analytics.returns import Floats

Linkage = Literal["single", "average"]


def single_linkage(distances: Floats) -> list[tuple[int, int, float]]:
    """The k - 1 mergers of k items, nearest first: the two clusters and their distance.

    distances: k × k, symmetric. Clusters 0…k-1 are the items, k + m is what merger m made; the
    distance of two clusters is that of their nearest members (Sibson, "SLINK", 1973).
    """
    return cluster(distances, "single")


def cluster(distances: Floats, linkage: Linkage) -> list[tuple[int, int, float]]:
    """As `single_linkage`, or by the mean distance of all pairs (UPGMA, Sokal & Michener 1958).

    Of clusters equally near, those that come first are merged first.
    """
    count = len(distances)
    between = distances.astype(np.float64, copy=True)
    np.fill_diagonal(between, np.inf)
    names, sizes = list(range(count)), [1] * count
    mergers: list[tuple[int, int, float]] = []
    for made in range(count, 2 * count - 1):
        one, other = divmod(int(np.argmin(between)), count)
        first, second = sorted((names[one], names[other]))
        mergers.append((first, second, float(between[one, other])))
        if linkage == "single":
            joined = np.minimum(between[one], between[other])
        else:
            sums = sizes[one] * between[one] + sizes[other] * between[other]
            joined = sums / (sizes[one] + sizes[other])
        between[one], between[:, one] = joined, joined
        between[one, one] = np.inf
        between[other], between[:, other] = np.inf, np.inf
        names[one] = made
        sizes[one] += sizes[other]
    return mergers


def leaf_order(mergers: list[tuple[int, int, float]]) -> list[int]:
    """The items from left to right, members of a cluster side by side (quasi-diagonal order)."""
    count = len(mergers) + 1
    waiting = [2 * count - 2]
    order: list[int] = []
    while waiting:
        cluster = waiting.pop()
        if cluster < count:
            order.append(cluster)
        else:
            first, second, _ = mergers[cluster - count]
            waiting += [second, first]
    return order
