"""The mix in which every asset contributes the same risk."""

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.quadratic import minimise
from engine.analytics.returns import Floats

_TOLERANCE = 1e-12
_RIDGE = 1e-10
_LAST_MOVE = 1e-10
_ROUNDING = 1e-14


def risk_parity(covariance: Floats, bounds: Bounds) -> Floats:
    """Weights with equal w_i (Cw)_i, or as near as the bounds allow.

    The minimiser of log(w'Cw) / 2 - sum(log w_i) / k (Maillard, Roncalli and Teiletche, "The
    properties of equally weighted risk contribution portfolios", 2010; Spinu, "An algorithm for
    computing risk parity weights", 2013), within the bounds where they bind. An asset with a cap
    of 0 takes no part.
    """
    if bounds.lower.sum() >= 1.0:
        return bounds.lower.copy()
    usable = np.flatnonzero(bounds.upper > 0)
    inner = Bounds(bounds.lower[usable], bounds.upper[usable])
    matrix = covariance[np.ix_(usable, usable)]
    # Without it there is no minimum where some mix has no risk at all.
    matrix = matrix + _RIDGE * np.diag(np.diag(matrix))
    weights = _unbounded(matrix)
    if np.any(weights < inner.lower) or np.any(weights > inner.upper):
        weights = _bounded(matrix, inner, inner.fill(weights))
    result = np.zeros(len(bounds.upper))
    result[usable] = weights
    return result


def risk_shares(covariance: Floats, weights: Floats) -> Floats:
    """The part of the variance each asset brings, w_i (Cw)_i / w'Cw; they add up to 1."""
    marginal = covariance @ weights
    shares: Floats = weights * marginal / float(weights @ marginal)
    return shares


def _unbounded(matrix: Floats) -> Floats:
    """Damped Newton on z'Rz / 2 - sum(log z) with R the correlation and z = w * volatility.

    The function is self-concordant, so steps of 1 / (1 + decrement) always converge.
    """
    deviations = np.sqrt(np.diag(matrix))
    correlation = matrix / np.outer(deviations, deviations)
    z = np.full(len(matrix), len(matrix) ** -0.5)
    last = np.inf
    for _ in range(200):
        gradient = correlation @ z - 1.0 / z
        step = np.linalg.solve(correlation + np.diag(z**-2), gradient)
        decrement = float(np.sqrt(max(0.0, gradient @ step)))
        z = z - step / (1.0 + decrement if decrement > 0.25 else 1.0)
        # Near the end it falls quadratically; where it does not, rounding has been reached.
        if decrement <= _TOLERANCE or (last < 0.1 and decrement > last / 2):
            return np.asarray(z / deviations / np.sum(z / deviations))
        last = decrement
    raise ArithmeticError("Newton's method for risk parity did not converge")


def _bounded(matrix: Floats, bounds: Bounds, weights: Floats) -> Floats:
    """Sequential quadratic programming from weights within the bounds."""
    count = len(weights)
    value = _objective(matrix, weights)
    for _ in range(500):
        variance = float(weights @ matrix @ weights)
        gradient = matrix @ weights / variance - 1.0 / (count * weights)
        curvature = matrix / variance + np.diag(1.0 / (count * weights**2))
        found = minimise(curvature, curvature @ weights - gradient, bounds, weights)
        move = found.weights - weights
        if float(np.abs(move).max()) <= _LAST_MOVE:
            return found.weights
        length = 1.0
        while length > 1e-12:
            trial = weights + length * move
            if np.all(trial > 0) and _objective(matrix, trial) <= value + _ROUNDING:
                break
            length /= 2
        weights = weights + length * move
        value = _objective(matrix, weights)
    raise ArithmeticError("risk parity within the bounds did not converge")


def _objective(matrix: Floats, weights: Floats) -> float:
    return float(np.log(weights @ matrix @ weights) / 2 - np.mean(np.log(weights)))
