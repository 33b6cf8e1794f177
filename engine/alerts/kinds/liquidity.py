"""The price of a pair leaving the range of a concentrated liquidity position."""

from decimal import Decimal

import numpy as np

from engine.alerts.kinds.base import ASSET, CURRENCY, Check, Field, Kind, Signal, View
from engine.alerts.kinds.price import series
from engine.alerts.panel import Floats
from engine.core.money import exact_money


def _signal(view: View) -> Signal:
    """max(lower / price, price / upper): 1 on an edge, more outside, where no fees are earned."""
    return Signal(_outside(view, view.low(), view.high()), _outside(view, *[view.close()] * 2))


def _outside(view: View, low: Floats, high: Floats) -> Floats:
    found: Floats = np.maximum(view.number("lower") / low, high / view.number("upper"))
    return found


def _describe(check: Check) -> str:
    lower, upper = (
        exact_money(check.number(name), check.text("currency")) for name in ("lower", "upper")
    )
    return f"{check.text('asset')} out of the range {lower} to {upper}"


def _tell(check: Check, outside: float) -> str:
    return f"{check.text('asset')} was {outside - 1:.2%} out of its range".replace("%", " %")


def _refuse(check: Check) -> str:
    if check.number("lower") >= check.number("upper"):
        return "A range ends above where it begins."
    return ""


RANGE = Kind(
    "range",
    "Price out of a pool's range",
    (
        ASSET,
        CURRENCY,
        Field("lower", "number", "lower price"),
        Field("upper", "number", "upper price"),
    ),
    series,
    level=lambda _: 1.0,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    hysteresis=Decimal(1),
    refuse=_refuse,
)
