"""The convex quadratic programme behind the variance methods, by an active-set method."""

from dataclasses import dataclass

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.returns import Floats

RESIDUAL_LIMIT = 1e-9
_RIDGE = 1e-10
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """The minimiser and how well it meets the optimality conditions.

    free: the assets strictly between their bounds. slope: the derivative of the weights with
    respect to a factor on the linear term while `free` stays the same. residual: the largest
    violation of the Karush-Kuhn-Tucker conditions, relative to the largest gradient term.
    """

    weights: Floats
    free: np.ndarray[tuple[int], np.dtype[np.bool_]]
    slope: Floats
    residual: float


def regular(matrix: Floats) -> Floats:
    """The matrix with so small a ridge that only a singular one changes noticeably."""
    return matrix + _RIDGE * float(np.trace(matrix)) / len(matrix) * np.eye(len(matrix))


def minimise(matrix: Floats, linear: Floats, bounds: Bounds, start: Floats) -> Minimum:
    """The w in the bounds with sum 1 that minimises w'Qw / 2 - c'w.

    matrix: Q, positive definite. linear: c. start: weights within the bounds with sum 1; near ones
    make it faster. Primal active-set method, Nocedal and Wright, "Numerical Optimization" (2006),
    algorithm 16.3. Raises ArithmeticError if the conditions are not met to RESIDUAL_LIMIT.
    """
    weights = start.copy()
    movable = bounds.upper > bounds.lower
    side = np.where(weights <= bounds.lower, -1, np.where(weights >= bounds.upper, 1, 0))
    tolerance = _TOLERANCE * _scale(matrix, linear)
    for _ in range(100 + 50 * len(weights)):
        free = np.flatnonzero(side == 0)
        gradient = matrix @ weights - linear
        if len(free):
            move, level = _step(matrix, gradient, free)
            blocking = _advance(weights, move, free, bounds)
            if blocking is not None:
                side[blocking] = 1 if weights[blocking] == bounds.upper[blocking] else -1
                continue
            gradient = matrix @ weights - linear
            pull = np.where(movable, side * (gradient - level), -np.inf)
            worst = int(np.argmax(pull))
            if pull[worst] <= tolerance:
                break
            side[worst] = 0
        else:
            rising = np.where(movable & (side < 0), gradient, np.inf)
            falling = np.where(movable & (side > 0), gradient, -np.inf)
            up, down = int(np.argmin(rising)), int(np.argmax(falling))
            if falling[down] - rising[up] <= tolerance:
                break
            side[[up, down]] = 0
    found = Minimum(
        weights,
        side == 0,
        _slope(matrix, linear, side == 0),
        residual(matrix, linear, bounds, weights),
    )
    if found.residual > RESIDUAL_LIMIT:
        raise ArithmeticError(f"the quadratic programme stopped at residual {found.residual:.1e}")
    return found


def residual(matrix: Floats, linear: Floats, bounds: Bounds, weights: Floats) -> float:
    """How far weights are from optimal: the largest KKT violation, relative.

    With g the gradient there must be one level v with g >= v where a weight can grow and g <= v
    where it can shrink, so max(g | can shrink) - min(g | can grow) is the violation.
    """
    gradient = matrix @ weights - linear
    shrinking = gradient[weights > bounds.lower]
    growing = gradient[weights < bounds.upper]
    infeasible = max(
        abs(float(weights.sum()) - 1.0),
        float(np.max(bounds.lower - weights)),
        float(np.max(weights - bounds.upper)),
    )
    if not len(shrinking) or not len(growing):
        return infeasible
    violation = float(shrinking.max() - growing.min()) / _scale(matrix, linear)
    return max(0.0, violation, infeasible)


def _scale(matrix: Floats, linear: Floats) -> float:
    return float(np.abs(matrix).max() + np.abs(linear).max())


def _step(matrix: Floats, gradient: Floats, free: np.ndarray) -> tuple[Floats, float]:
    """The move of the free weights to their minimum with the sum kept, and the sum's multiplier."""
    right = np.column_stack((gradient[free], np.ones(len(free))))
    towards, ones = np.linalg.solve(matrix[np.ix_(free, free)], right).T
    level = float(towards.sum() / ones.sum())
    move = level * ones - towards
    return move - move.mean(), level


def _advance(weights: Floats, move: Floats, free: np.ndarray, bounds: Bounds) -> int | None:
    """Moves the free weights as far as the bounds allow; the asset that stopped it, if any."""
    limit = np.where(move > 0, bounds.upper[free], bounds.lower[free])
    reach = np.full(len(free), np.inf)
    np.divide(limit - weights[free], move, out=reach, where=move != 0)
    first = int(np.argmin(reach))
    if reach[first] >= 1.0:
        weights[free] += move
        return None
    weights[free] = np.clip(
        weights[free] + reach[first] * move, bounds.lower[free], bounds.upper[free]
    )
    weights[free[first]] = limit[first]
    return int(free[first])


def _slope(matrix: Floats, linear: Floats, free: np.ndarray) -> Floats:
    slope = np.zeros(len(linear))
    chosen = np.flatnonzero(free)
    if len(chosen) > 1:
        slope[chosen] = _step(matrix, -linear, chosen)[0]
    return slope
