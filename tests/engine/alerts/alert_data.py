"""Short series written by hand, and rules over them. Day 0 is 2024-01-01."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from engine.alerts.conditions import Condition
from engine.alerts.evaluation import firings
from engine.alerts.firing import Firing
from engine.alerts.kinds.base import Check
from engine.alerts.panel import Panel, Rows, SeriesId, build_panel, price_of
from engine.alerts.rule import Rule
from engine.alerts.rulejson import make_check

START = date(2024, 1, 1)
NAN = float("nan")


def day(number: int) -> date:
    return START + timedelta(number)


def rows(
    series: SeriesId | str,
    closes: Sequence[float],
    highs: Sequence[float] | None = None,
    lows: Sequence[float] | None = None,
    first: int = 0,
) -> Rows:
    """One row a day; NaN is a day without one. A text is an asset with a price in dollars."""
    days = np.arange(len(closes)) + START.toordinal() + first
    close = np.array(closes, dtype=np.float64)
    return Rows(
        price_of(series, "USD") if isinstance(series, str) else series,
        days,
        close,
        close if highs is None else np.array(highs, dtype=np.float64),
        close if lows is None else np.array(lows, dtype=np.float64),
    )


def panel(*series: Rows, today: int | None = None) -> Panel:
    """A panel up to its last row, or to a day."""
    last = max(int(one.days.max()) for one in series)
    return build_panel(series, date.fromordinal(last) if today is None else day(today))


def check(kind: str, **values: str) -> Check:
    return make_check(kind, values)


def above(level: str, asset: str = "BTC", **more: str) -> Check:
    return check("price", asset=asset, direction="above", level=level, **more)


def below(level: str, asset: str = "BTC", **more: str) -> Check:
    return check("price", asset=asset, direction="below", level=level, **more)


def rule(condition: Condition, made: int = 0, rule_id: int = 1, **more: Any) -> Rule:
    created = datetime.combine(day(made), time(12), UTC)
    return Rule(rule_id, created, condition, **more)


def fired(condition: Condition, data: Panel, made: int = 0, **more: Any) -> list[Firing]:
    return firings([rule(condition, made, **more)], data)


def days_fired(condition: Condition, data: Panel, made: int = 0, **more: Any) -> list[int]:
    """The numbers of the days on which a rule fires."""
    return [(one.day - START).days for one in fired(condition, data, made, **more)]
