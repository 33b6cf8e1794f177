"""A price above or below a level, reached by the day's high or low."""

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
)
from engine.alerts.panel import SeriesId, price_of
from engine.core.money import exact_money, format_money


def series(check: Check) -> tuple[SeriesId, ...]:
    """The one price a check is about."""
    return (price_of(check.text("asset"), check.text("currency")),)


def money(check: Check, price: float) -> str:
    """A price in the currency of the check."""
    return format_money(Decimal(repr(float(price))), check.text("currency"))


def _signal(view: View) -> Signal:
    return Signal(np.where(view.batch.signs > 0, view.high(), view.low()), view.close())


def _describe(check: Check) -> str:
    level = exact_money(check.number("level"), check.text("currency"))
    return f"{check.text('asset')} {check.text('direction')} {level}"


PRICE = Kind(
    "price",
    "Price above or below",
    (
        ASSET,
        CURRENCY,
        Field("direction", "choice", "direction", choices=("above", "below")),
        Field("level", "number", "price"),
    ),
    series,
    level=lambda check: float(check.number("level")),
    sign=lambda check: 1 if check.text("direction") == "above" else -1,
    signal=_signal,
    describe=_describe,
    tell=lambda check, price: f"{check.text('asset')} was at {money(check, price)}",
    hysteresis=Decimal(1),
)
