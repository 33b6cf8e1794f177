"""A stablecoin off its peg, by the worse of the day's high and low."""

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
    percent_field,
    percent_level,
)
from engine.alerts.kinds.price import series
from engine.core.money import exact_money, format_percent


def _signal(view: View) -> Signal:
    """|price / peg - 1|."""
    peg = view.number("peg")
    off = np.maximum(np.abs(view.high() / peg - 1.0), np.abs(view.low() / peg - 1.0))
    return Signal(off, np.abs(view.close() / peg - 1.0))


def _peg(check: Check) -> str:
    return exact_money(check.number("peg"), check.text("currency"))


DEPEG = Kind(
    "depeg",
    "Stablecoin off its peg",
    (ASSET, CURRENCY, percent_field(), Field("peg", "number", "peg", Decimal(1))),
    series,
    level=percent_level,
    signal=_signal,
    describe=lambda check: (
        f"{check.text('asset')} {check.shown('percent')} % off its peg of {_peg(check)}"
    ),
    tell=lambda check, off: (
        f"{check.text('asset')} was {format_percent(off)} off its peg of {_peg(check)}"
    ),
)
