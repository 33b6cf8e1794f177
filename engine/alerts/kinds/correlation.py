"""A jump of the correlation of two assets."""

from decimal import Decimal

import numpy as np

from engine.alerts.kinds.base import (
    ASSET,
    CURRENCY,
    Check,
    Field,
    Kind,
    Signal,
    View,
    days_field,
    days_of,
)
from engine.alerts.panel import Floats, Ints, SeriesId, price_of
from engine.alerts.windows import pearson, per_length, returns


def _series(check: Check) -> tuple[SeriesId, ...]:
    currency = check.text("currency")
    return price_of(check.text("asset"), currency), price_of(check.text("other"), currency)


def _signal(view: View) -> Signal:
    """|r of the last `days` daily returns - r of the same number before them|."""
    days = view.days("days")
    jump = np.abs(_correlations(view, view.at, days) - _correlations(view, view.at - days, days))
    return Signal(jump, jump)


def _correlations(view: View, at: Ints, days: Ints) -> Floats:
    def measure(length: int, chosen: Ints) -> Floats:
        a, b = (
            returns(view.panel.close, at[chosen], column[chosen], length)
            for column in view.batch.columns
        )
        return pearson(a, b)

    return per_length(days, measure)


def _describe(check: Check) -> str:
    return (
        f"correlation of {check.text('asset')} and {check.text('other')} over "
        f"{check.shown('days')} days changed by {check.shown('change')}"
    )


def _tell(check: Check, change: float) -> str:
    return (
        f"the correlation of {check.text('asset')} and {check.text('other')} over "
        f"{check.shown('days')} days differed by {change:.2f} from that of the days before"
    )


def _refuse(check: Check) -> str:
    if check.text("asset") == check.text("other"):
        return "A correlation needs two different assets."
    return ""


CORRELATION = Kind(
    "correlation",
    "Jump of a correlation",
    (
        ASSET,
        Field("other", "symbol", "other asset"),
        CURRENCY,
        Field("change", "number", "change of the correlation", most=Decimal(2)),
        days_field(30, fewest=10, most=365),
    ),
    _series,
    level=lambda check: float(check.number("change")),
    signal=_signal,
    describe=_describe,
    tell=_tell,
    refuse=_refuse,
    reach=lambda check: 2 * days_of(check),
)
