"""Figures over the last days of many series at once, where each may have gaps and its own length.

Returns are simple daily ones over consecutive days, deviations divide by n - 1, as everywhere in
`engine.analytics`. A window with fewer than two thirds of its returns says nothing (NaN).
"""

from collections.abc import Callable

import numpy as np

from engine.alerts.panel import Bools, Floats, Ints

_ENOUGH = 2 / 3
_STILL = 1e-12
"""A deviation of daily returns this small is rounding: the price did not move."""

Measure = Callable[[int, Ints], Floats]


def per_length(days: Ints, measure: Measure) -> Floats:
    """Measure all windows of one length together; measure gets the length and the indices."""
    found = np.full(len(days), np.nan)
    for length in np.unique(days).tolist():
        chosen = np.flatnonzero(days == length)
        found[chosen] = measure(length, chosen)
    return found


def window(values: Floats, at: Ints, column: Ints, days: int) -> Floats:
    """(checks, days): the values up to and with `at`, oldest first; NaN before the calendar."""
    rows = at[:, None] + np.arange(1 - days, 1)
    return np.where(rows >= 0, values[np.maximum(rows, 0), column[:, None]], np.nan)


def returns(closes: Floats, at: Ints, column: Ints, days: int) -> Floats:
    """(checks, days): the daily returns up to and with `at`."""
    prices = window(closes, at, column, days + 1)
    found: Floats = prices[:, 1:] / prices[:, :-1] - 1.0
    return found


def deviation(values: Floats) -> Floats:
    """The standard deviation of each row of returns, ddof 1."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    centred = _centred(values, known, count)
    squares = np.einsum("ij,ij->i", centred, centred)
    found = np.sqrt(squares / (count - 1))
    return np.where(_enough(count, values) & (found > _STILL), found, np.nan)


def pearson(a: Floats, b: Floats) -> Floats:
    """Pearson's r of each pair of rows of returns, on the days that both have."""
    known = ~(np.isnan(a) | np.isnan(b))
    count = known.sum(axis=1)
    x, y = _centred(a, known, count), _centred(b, known, count)
    xx, yy, xy = (np.einsum("ij,ij->i", *pair) for pair in ((x, x), (y, y), (x, y)))
    still = (count - 1) * _STILL**2
    usable = _enough(count, a) & (xx > still) & (yy > still)
    return np.where(usable, np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0), np.nan)


def _centred(values: Floats, known: Bools, count: Ints) -> Floats:
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / count
    return np.where(known, filled - mean[:, None], 0.0)


def _enough(count: Ints, values: Floats) -> Bools:
    found: Bools = (count >= 3) & (count >= _ENOUGH * values.shape[1])
    return found
