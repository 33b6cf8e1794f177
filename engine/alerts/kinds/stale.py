"""Data gone stale: no new row for some days."""

import re
from typing import cast

import numpy as np

from engine.alerts.kinds.base import CURRENCY, Check, Field, Kind, Signal, View, days_field
from engine.alerts.panel import SeriesId, Topic

_PRICE = re.compile(r"[^/a-z]+/[^/a-z]+")
"""Of a series of any other name there never are data, so that its alert would never fire."""


def _signal(view: View) -> Signal:
    """Days since the last row."""
    age = (view.day - view.at).astype(np.float64)
    return Signal(age, age)


def _what(check: Check) -> str:
    return f"{check.text('topic')} of {_name(check)}"


def _refuse(check: Check) -> str:
    if check.text("topic") == "price" and not _PRICE.fullmatch(_name(check)):
        return "The series of a price has the name of its asset and currency, such as BTC/USD."
    return ""


def _name(check: Check) -> str:
    """The name of the series; a coin alone is meant in dollars."""
    name = check.text("name")
    if check.text("topic") == "price" and name.isalnum():
        return f"{name.upper()}/{CURRENCY.default}"
    return name


STALE = Kind(
    "stale",
    "Data gone stale",
    (
        Field(
            "topic",
            "choice",
            "kind of data",
            "price",
            choices=("price", "weight", "yield", "health", "flags"),
        ),
        Field("name", "name", "series"),
        days_field(2, most=365),
    ),
    series=lambda check: (SeriesId(cast(Topic, check.text("topic")), _name(check)),),
    level=lambda check: float(check.number("days")),
    signal=_signal,
    describe=lambda check: (
        f"no new {_what(check)} for {check.shown('days')} "
        f"day{'' if check.number('days') == 1 else 's'}"
    ),
    tell=lambda check, age: f"the {_what(check)} was last known",
    every_day=True,
    refuse=_refuse,
)
