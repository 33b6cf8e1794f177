"""Covariance of daily returns, as measured or shrunk. Conventions: see `engine.analytics`."""

from dataclasses import dataclass

import numpy as np

from engine.analytics.returns import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """k × k, per day; shrinkage: the weight of the target in it, 0…1."""

    matrix: Floats
    shrinkage: float


def sample_covariance(returns: Floats) -> Covariance:
    """The covariance of n × k daily returns, divided by n - 1."""
    centred = returns - returns.mean(axis=0)
    return Covariance(centred.T @ centred / (len(returns) - 1), 0.0)


def ledoit_wolf(returns: Floats) -> Covariance:
    """The covariance of n × k daily returns shrunk towards equal variances without correlation.

    (1 - a) S + a m I with m the mean variance and the a that minimises the expected squared
    error, closed form of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
    covariance matrices" (2004), section 3. As in the paper S divides by n, not n - 1.
    """
    rows, columns = returns.shape
    centred = returns - returns.mean(axis=0)
    measured = centred.T @ centred / rows
    mean_variance = float(np.trace(measured)) / columns
    target = mean_variance * np.eye(columns)
    distance = float(np.sum((measured - target) ** 2))
    # Mean squared distance of the single days' x x' from S, over n: the sampling error of S.
    lengths = np.sum(centred**2, axis=1)
    error = (float(np.sum(lengths**2)) / rows - float(np.sum(measured**2))) / rows
    weight = min(1.0, max(0.0, error / distance)) if distance > 0 else 0.0
    return Covariance((1 - weight) * measured + weight * target, weight)
