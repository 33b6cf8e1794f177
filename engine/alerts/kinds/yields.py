"""A yield that has dropped against its own average."""

import numpy as np

from engine.alerts.kinds.base import (
    Check,
    Field,
    Kind,
    Signal,
    View,
    days_field,
    days_of,
    over_days,
    percent_field,
    percent_level,
)
from engine.alerts.panel import Floats, Ints, SeriesId
from engine.alerts.windows import per_length, window
from engine.core.money import format_percent


def _signal(view: View) -> Signal:
    """1 - yield / mean of the days before; not known after an average of zero or less, or if fewer
    than half of those days have a row."""
    column = view.batch.columns[0]

    def mean(days: int, chosen: Ints) -> Floats:
        before = window(view.panel.close, view.at[chosen] - 1, column[chosen], days)
        known = ~np.isnan(before)
        count = known.sum(axis=1)
        average = np.where(known, before, 0.0).sum(axis=1) / count
        return np.where((2 * count >= days) & (average > 0), average, np.nan)

    average = per_length(view.days("days"), mean)
    return Signal(1.0 - view.low() / average, 1.0 - view.close() / average)


def _describe(check: Check) -> str:
    return (
        f"yield of {check.text('pool')} {check.shown('percent')} % below its average of "
        f"{over_days(check)}"
    )


def _tell(check: Check, fall: float) -> str:
    return (
        f"the yield of {check.text('pool')} was {format_percent(fall)} below its average of "
        f"{over_days(check)}"
    )


YIELD = Kind(
    "yield",
    "Drop of a yield",
    (Field("pool", "name", "pool"), percent_field(), days_field(30, most=365)),
    series=lambda check: (SeriesId("yield", check.text("pool")),),
    level=percent_level,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    reach=days_of,
)
