"""A volatility regime: the last days much wilder, or much calmer, than the time before them."""

from decimal import Decimal

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
from engine.alerts.kinds.price import series
from engine.alerts.panel import Floats, Ints
from engine.alerts.windows import deviation, per_length, returns


def _sign(check: Check) -> int:
    return 1 if check.text("direction") == "above" else -1


def _signal(view: View) -> Signal:
    """The deviation of the last `days` daily returns over that of the `base_days` before them."""
    recent = view.days("days")
    now = _deviations(view, view.at, recent)
    before = _deviations(view, view.at - recent, view.days("base_days"))
    ratio = now / before
    return Signal(ratio, ratio)


def _deviations(view: View, at: Ints, days: Ints) -> Floats:
    column = view.batch.columns[0]

    def measure(length: int, chosen: Ints) -> Floats:
        return deviation(returns(view.panel.close, at[chosen], column[chosen], length))

    return per_length(days, measure)


def _describe(check: Check) -> str:
    return (
        f"{check.text('asset')} volatility of {check.shown('days')} days {check.text('direction')} "
        f"{check.shown('times')} times that of the {check.shown('base_days')} days before"
    )


def _tell(check: Check, ratio: float) -> str:
    return (
        f"the volatility of {check.text('asset')} over {check.shown('days')} days was "
        f"{ratio:.2f} times that of the {check.shown('base_days')} days before"
    )


def _refuse(check: Check) -> str:
    if _sign(check) < 0 and check.number("times") >= 1:
        return "A calm is below 1 times the volatility of before."
    if _sign(check) > 0 and check.number("times") <= 1:
        return "A wild time is above 1 times the volatility of before."
    return ""


VOLATILITY = Kind(
    "volatility",
    "Volatility regime",
    (
        ASSET,
        CURRENCY,
        Field("direction", "choice", "direction", "above", choices=("above", "below")),
        Field("times", "number", "multiple", Decimal(2), most=Decimal(100)),
        days_field(14, fewest=7, most=365),
        days_field(180, "base_days", fewest=14, most=1095),
    ),
    series,
    level=lambda check: float(check.number("times")),
    sign=_sign,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    refuse=_refuse,
    reach=lambda check: days_of(check) + int(check.number("base_days")),
)
