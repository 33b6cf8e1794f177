"""A fall from the highest price of the last days."""

import numpy as np

from engine.alerts.kinds.base import (
    ASSET,
    CURRENCY,
    Check,
    Kind,
    Signal,
    View,
    days_field,
    days_of,
    over_days,
    percent_field,
    percent_level,
)
from engine.alerts.kinds.price import series
from engine.alerts.panel import Floats, Ints
from engine.alerts.windows import per_length, window
from engine.core.money import format_percent


def _signal(view: View) -> Signal:
    """1 - price / peak. Whether a day's low came after its own high is not known, so that the peak
    is the highest of the days before it, or its close."""
    column = view.batch.columns[0]

    def highest(days: int, chosen: Ints) -> Floats:
        before = window(view.panel.high, view.at[chosen] - 1, column[chosen], days)
        highs: Floats = np.fmax.reduce(before, axis=1)
        return highs

    close = view.close()
    peak = np.fmax(per_length(view.days("days"), highest), close)
    return Signal(1.0 - view.low() / peak, 1.0 - close / peak)


def _describe(check: Check) -> str:
    return f"{check.text('asset')} {check.shown('percent')} % below its high of {over_days(check)}"


def _tell(check: Check, fall: float) -> str:
    return f"{check.text('asset')} was {format_percent(fall)} below its high of {over_days(check)}"


DRAWDOWN = Kind(
    "drawdown",
    "Fall from the peak",
    (ASSET, CURRENCY, percent_field(), days_field(365, most=1095)),
    series,
    level=percent_level,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    reach=days_of,
)
