"""Time-weighted return: what the holdings earned, whatever money came in or went out when.

Each day's return is (value + outflow) / (value of the day before + inflow) - 1: money counts as
coming in before the day's prices move and as going out after. The days are linked by
multiplication (the daily valuation method of the GIPS standards).
"""

from datetime import date, timedelta

import numpy as np

from engine.ledger.history import History
from engine.ledger.pricing import Floats


def daily_returns(history: History) -> Floats:
    """The return of each day as a fraction; 0 on days with nothing invested."""
    invested = _invested(history)
    outcome = history.values + np.maximum(-history.flows, 0.0)
    growth: Floats = np.divide(outcome, invested, out=np.ones_like(outcome), where=invested > 0)
    return growth - 1.0


def observed_returns(history: History) -> tuple[list[date], Floats]:
    """The days on which a return could be seen, and their returns, for statistics.

    Left out are days with nothing invested, and those that lack a close, or whose day before does:
    their returns of 0 and the jump after them would be artefacts.
    """
    returns, invested = daily_returns(history), _invested(history)
    kept = [
        index
        for index, day in enumerate(history.days)
        if invested[index] > 0 and history.stale.isdisjoint((day, day - timedelta(1)))
    ]
    return [history.days[index] for index in kept], returns[kept]


def wealth(history: History) -> Floats:
    """What one unit invested at the opening is worth at each close, the opening's 1 first."""
    return np.concatenate(([1.0], np.cumprod(1.0 + daily_returns(history))))


def _invested(history: History) -> Floats:
    """What was at work on each day: the value of the day before and what came in."""
    before = np.concatenate(([history.opening], history.values[:-1]))
    return before + np.maximum(history.flows, 0.0)
