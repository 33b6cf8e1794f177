"""The weight of an asset in the portfolio drifting off its target."""

from decimal import Decimal

import numpy as np

from engine.alerts.kinds.base import ASSET, Check, Field, Kind, Signal, View
from engine.alerts.panel import SeriesId
from engine.core.money import format_percent


def _signal(view: View) -> Signal:
    target = view.number("target") / 100
    drift = np.maximum(np.abs(view.high() - target), np.abs(view.low() - target))
    return Signal(drift, np.abs(view.close() - target))


def _describe(check: Check) -> str:
    return (
        f"{check.text('asset')} {check.shown('points')} points off its target weight of "
        f"{check.shown('target')} %"
    )


def _tell(check: Check, drift: float) -> str:
    points = format_percent(drift).removesuffix(" %")
    return (
        f"the weight of {check.text('asset')} was {points} points off its target of "
        f"{check.shown('target')} %"
    )


WEIGHT = Kind(
    "weight",
    "Weight off its target",
    (
        ASSET,
        Field("target", "number", "target weight", least=Decimal(0), most=Decimal(100)),
        Field("points", "number", "drift in points", most=Decimal(100)),
    ),
    series=lambda check: (SeriesId("weight", check.text("asset")),),
    level=lambda check: float(check.number("points") / 100),
    signal=_signal,
    describe=_describe,
    tell=_tell,
)
