"""A move in per cent against the close so many days before."""

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
    over_days,
    percent_field,
    percent_level,
)
from engine.alerts.kinds.price import series
from engine.core.money import format_percent


def _sign(check: Check) -> int:
    return 1 if check.text("direction") == "up" else -1


def _signal(view: View) -> Signal:
    """The extreme and the close over the close of exactly so many days before, less one."""
    then = view.at - view.days("days")
    base = view.panel.close[np.maximum(then, 0), view.batch.columns[0]]
    base = np.where(then >= 0, base, np.nan)
    extreme = np.where(view.batch.signs > 0, view.high(), view.low())
    return Signal(extreme / base - 1.0, view.close() / base - 1.0)


def _describe(check: Check) -> str:
    return (
        f"{check.text('asset')} {check.text('direction')} {check.shown('percent')} % "
        f"in {over_days(check)}"
    )


def _tell(check: Check, move: float) -> str:
    return (
        f"{check.text('asset')} had moved {format_percent(move, sign=True)} in {over_days(check)}"
    )


def _refuse(check: Check) -> str:
    if _sign(check) < 0 and check.number("percent") > 100:
        return "A price cannot fall by more than 100 %."
    return ""


MOVE = Kind(
    "move",
    "Move in percent over some days",
    (
        ASSET,
        CURRENCY,
        Field("direction", "choice", "direction", choices=("up", "down")),
        percent_field(most=100_000),
        days_field(1),
    ),
    series,
    level=lambda check: _sign(check) * percent_level(check),
    sign=_sign,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    refuse=_refuse,
    reach=days_of,
)
