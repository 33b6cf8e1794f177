"""The mix with the smallest conditional value at risk."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.returns import Floats
from engine.core.errors import KnownError

GAP_LIMIT = 1e-10
_PERTURBATION = 1e-12
_ROUNDING = 1e-13


class Tail(NamedTuple):
    """CVaR of a mix (a loss is positive) and its gradient with respect to the weights."""

    loss: float
    gradient: Floats


def tail_loss(returns: Floats, weights: Floats, tail: float = 0.05) -> Tail:
    """The mean loss of the worst `tail` of the days, the day at the edge counted in part.

    Rockafellar and Uryasev, "Conditional value-at-risk for general loss distributions" (2002).
    """
    count = tail * len(returns)
    whole = min(int(count), len(returns) - 1)
    results = returns @ weights
    order = np.argpartition(results, whole)
    worst = order[:whole]
    gradient = -(returns[worst].sum(axis=0) + (count - whole) * returns[order[whole]]) / count
    return Tail(float(gradient @ weights), gradient)


@dataclass(slots=True, eq=False)
class _Basis:
    """The basic columns of the dual programme: B, their prices, and which one is unrestricted."""

    columns: Floats
    prices: Floats
    free: np.ndarray[tuple[int], np.dtype[np.bool_]]


def mean_cvar(
    returns: Floats, bounds: Bounds, tail: float = 0.05, least_mean: float | None = None
) -> Floats:
    """The weights within the bounds with the smallest CVaR, exact up to GAP_LIMIT.

    returns: n × k daily returns. least_mean: the mean daily return that the mix must reach.
    CVaR(w) is the largest g'w over finitely many gradients g, so this is the linear programme
    min v with v >= g'w for all g. The simplex method runs on its dual with k + 1 rows and takes
    up the g of the present w when its CVaR lies above v (cutting planes: Künzi-Bay and Mayer,
    "Computational aspects of minimizing conditional value-at-risk", 2006). It ends when
    CVaR(w) - v, a bound on the distance to the optimum, is nothing. Raises KnownError if no mix
    reaches least_mean.
    """
    means = returns.mean(axis=0)
    if least_mean is not None and float(means @ bounds.highest(means)) < least_mean:
        raise KnownError(
            "No mix within these limits reached that return in this period.",
            "Ask for a lower return or raise the caps.",
        )
    count = returns.shape[1]
    scale = float(np.abs(returns).max())
    room = bounds.upper - bounds.lower
    # Distinct tiny costs keep equal assets from making the simplex method turn in circles.
    costs = np.append(_PERTURBATION * scale * np.arange(1, count + 1) / count, 1.0)
    basis = _first_basis(returns, bounds, tail, costs[:count])
    for _ in range(2000 + 200 * count):
        solution = np.linalg.solve(basis.columns.T, basis.prices)
        extra, bound = solution[:count], float(solution[count])
        weights = bounds.lower + extra
        below, above = int(np.argmin(extra)), int(np.argmax(extra - room))
        if -extra[below] > max(_ROUNDING, extra[above] - room[above]):
            column, price = _unit(count, below, 1.0), 0.0
        elif extra[above] - room[above] > _ROUNDING:
            column, price = _unit(count, above, -1.0), -float(room[above])
        elif least_mean is not None and least_mean - float(means @ weights) > _ROUNDING * scale:
            column, price = np.append(means, 0.0), least_mean - float(means @ bounds.lower)
        else:
            worst = tail_loss(returns, weights, tail)
            if worst.loss - bound <= GAP_LIMIT * scale:
                return np.clip(weights, bounds.lower, bounds.upper)
            column = np.append(-worst.gradient, 1.0)
            price = float(worst.gradient @ bounds.lower)
        _exchange(basis, column, price, costs)
    raise ArithmeticError("the simplex method did not end")


def _first_basis(returns: Floats, bounds: Bounds, tail: float, costs: Floats) -> _Basis:
    """The optimal basis of the programme with one gradient, that of the middle of the bounds."""
    count = returns.shape[1]
    gradient = tail_loss(returns, bounds.fill(np.ones(count)), tail).gradient
    slack = gradient + costs
    order = np.argsort(slack, kind="stable")
    filled = np.cumsum((bounds.upper - bounds.lower)[order])
    left = 1.0 - float(bounds.lower.sum())
    marginal = int(order[min(int(np.searchsorted(filled, left)), count - 1)])
    columns, prices = np.zeros((count + 1, count + 1)), np.zeros(count + 1)
    for asset in range(count):
        if slack[asset] >= slack[marginal]:
            columns[asset, asset] = 1.0
        else:
            columns[asset, asset] = -1.0
            prices[asset] = -float(bounds.upper[asset] - bounds.lower[asset])
    columns[:, marginal] = np.append(np.ones(count), 0.0)
    prices[marginal] = left
    columns[:, count] = np.append(-gradient, 1.0)
    prices[count] = float(gradient @ bounds.lower)
    return _Basis(columns, prices, np.arange(count + 1) == marginal)


def _unit(count: int, asset: int, value: float) -> Floats:
    column = np.zeros(count + 1)
    column[asset] = value
    return column


def _exchange(basis: _Basis, column: Floats, price: float, costs: Floats) -> None:
    """One simplex step: the column enters, the first that would turn negative leaves."""
    right = np.column_stack((costs, column))
    levels, change = np.linalg.solve(basis.columns, right).T
    falling = (change > 1e-11 * np.abs(change).max()) & ~basis.free
    ratios = np.full(len(levels), np.inf)
    np.divide(np.maximum(levels, 0.0), change, out=ratios, where=falling)
    leaving = int(np.argmin(ratios))
    if not np.isfinite(ratios[leaving]):
        raise ArithmeticError("the linear programme has no bound")
    basis.columns[:, leaving] = column
    basis.prices[leaving] = price
