"""The health factor of a loan below a level; at 1 it is liquidated."""

from decimal import Decimal

from engine.alerts.kinds.base import Check, Field, Kind, Signal, View
from engine.alerts.panel import SeriesId


def _signal(view: View) -> Signal:
    return Signal(view.low(), view.close())


def _describe(check: Check) -> str:
    return f"health factor of {check.text('position')} below {check.shown('level')}"


def _tell(check: Check, factor: float) -> str:
    return f"the health factor of {check.text('position')} was {factor:.4g}"


HEALTH = Kind(
    "health",
    "Health factor of a loan",
    (
        Field("position", "name", "position"),
        Field("level", "number", "health factor", Decimal("1.5"), most=Decimal(1000)),
    ),
    series=lambda check: (SeriesId("health", check.text("position")),),
    level=lambda check: float(check.number("level")),
    sign=lambda _: -1,
    signal=_signal,
    describe=_describe,
    tell=_tell,
    hysteresis=Decimal(5),
)
