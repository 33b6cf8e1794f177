"""Hierarchical risk parity."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.clustering import leaf_order, single_linkage
from engine.analytics.returns import Floats


def hrp(covariance: Floats, bounds: Bounds) -> Floats:
    """Weights by clusters of similar assets, without inverting the covariance.

    López de Prado, "Building diversified portfolios that outperform out of sample" (2016):
    clusters by `similarity`, quasi-diagonal order, recursive bisection. Floors and caps come
    after that, as in Bounds.fill: inside the tree, what a cap cuts off would go to the few assets
    of the same branch, however risky they are.
    """
    return bounds.fill(bisect(covariance, leaf_order(single_linkage(similarity(covariance)))))


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


def bisect(covariance: Floats, order: list[int]) -> Floats:
    """Halves the order again and again and divides the weight by the halves' inverse variances.

    The variance of a half is that of its inverse-variance mix.
    """
    weights = np.ones(len(order))
    waiting = [np.array(order)]
    while waiting:
        cluster = waiting.pop()
        if len(cluster) < 2:
            continue
        left, right = np.array_split(cluster, [len(cluster) // 2])
        risk_left, risk_right = _variance(covariance, left), _variance(covariance, right)
        part = risk_right / (risk_left + risk_right)
        weights[left] *= part
        weights[right] *= 1.0 - part
        waiting += [right, left]
    return weights


def _variance(covariance: Floats, cluster: np.ndarray) -> float:
    block = covariance[np.ix_(cluster, cluster)]
    mix = 1.0 / np.diag(block)
    mix = mix / mix.sum()
    return float(mix @ block @ mix)
