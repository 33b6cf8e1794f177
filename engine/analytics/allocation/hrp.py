"""Hierarchical risk parity."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.clustering import leaf_order, single_linkage
from engine.analytics.returns import Floats


def hrp(covariance: Floats, bounds: Bounds) -> Floats:
    """Weights by clusters of similar assets, without inverting the covariance.

    López de Prado, "Building diversified portfolios that outperform out of sample" (2016):
    clusters by `similarity`, quasi-diagonal order, recursive bisection.
    """
    return bisect(covariance, leaf_order(single_linkage(similarity(covariance))), bounds)


def correlation_distance(covariance: Floats) -> Floats:
    """sqrt((1 - r) / 2) for each pair: 0 for the same course, 1 for the opposite one."""
    deviations = np.sqrt(np.diag(covariance))
    correlation = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    distances: Floats = np.sqrt((1.0 - correlation) / 2.0)
    return distances


def similarity(covariance: Floats) -> Floats:
    """The paper's distance of assets: Euclidean, between columns of the correlation distances."""
    columns = correlation_distance(covariance)
    differences = columns[:, :, None] - columns[:, None, :]
    distances: Floats = np.sqrt(np.sum(differences**2, axis=0))
    return distances


def bisect(covariance: Floats, order: list[int], bounds: Bounds) -> Floats:
    """Halves the order again and again and divides the weight by the halves' inverse variances.

    The variance of a half is that of its inverse-variance mix. Where a half's floors or caps do
    not allow its part, the part is moved to the nearest one that they do (Pfitzinger and Katzke,
    "A constrained hierarchical risk parity algorithm", 2019).
    """
    weights = np.ones(len(order))
    waiting = [np.array(order)]
    while waiting:
        cluster = waiting.pop()
        if len(cluster) < 2:
            continue
        left, right = np.array_split(cluster, [len(cluster) // 2])
        whole = float(weights[cluster[0]])
        risk_left, risk_right = _variance(covariance, left), _variance(covariance, right)
        part = whole * risk_right / (risk_left + risk_right)
        least = max(bounds.lower[left].sum(), whole - bounds.upper[right].sum())
        most = min(bounds.upper[left].sum(), whole - bounds.lower[right].sum())
        part = float(np.clip(part, least, max(least, most)))
        weights[left], weights[right] = part, whole - part
        waiting += [right, left]
    return np.clip(weights, bounds.lower, bounds.upper)


def _variance(covariance: Floats, cluster: np.ndarray) -> float:
    block = covariance[np.ix_(cluster, cluster)]
    mix = 1.0 / np.diag(block)
    mix = mix / mix.sum()
    return float(mix @ block @ mix)
