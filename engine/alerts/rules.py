"""When a price alert has come true.

A rule is a level: the price itself, or the close of the day before moved by so many per cent. It is
reached by the day's high or low where they are known, else by the close. An alert fires once; it
can fire again after a close has been 1 % on the other side of the level. Working it out anew from
the same prices gives the same firings, so that no row fires twice, whenever the check runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.core.errors import KnownError
from engine.core.money import exact_money, exact_percent, format_money
from engine.core.records import MAX_PRICE_AGE, SIMULATED, PricePoint
from engine.store.alerts import SIMULATED_MARK, Alert, AlertCondition

HYSTERESIS = Decimal("0.01")
_UPWARD: frozenset[AlertCondition] = frozenset({"above", "up_percent"})
_MOVES: frozenset[AlertCondition] = frozenset({"up_percent", "down_percent"})


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that came true on a day; price is the one that did it."""

    alert_id: int
    day: date
    price: Decimal
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """fired: the latest firing not recorded yet. armed: can it fire again after that."""

    fired: Fired | None
    armed: bool


def check_rule(condition: AlertCondition, value: Decimal) -> None:
    """Refuse (KnownError) a rule that can never come true or always is."""
    if value <= 0:
        what = "percentage" if condition in _MOVES else "price"
        raise KnownError(f"The {what} of an alert must be above zero.", "Give another value.")
    if condition == "down_percent" and value > 100:
        raise KnownError("A price cannot fall by more than 100 %.", "Give another value.")


def describe(asset: str, condition: AlertCondition, value: Decimal, currency: str) -> str:
    """The rule in words, its number exact: "BTC above $100,000.00", "ETH down 10 % in 24 h"."""
    if condition in _MOVES:
        direction = "up" if condition == "up_percent" else "down"
        return f"{asset} {direction} {exact_percent(value)} in 24 h"
    return f"{asset} {condition} {exact_money(value, currency)}"


def evaluate(alert: Alert, points: Sequence[PricePoint]) -> Outcome:
    """Work an alert out over the prices since it was made, its last known price then included.

    points: those of the alert's asset and currency, by day, from two before the day it was made.
    """
    recorded = alert.last_fired.date() if alert.last_fired else None
    created = alert.created.date()
    first = _current(points, created)
    armed, latest = recorded is None, None
    for index, point in enumerate(points):
        if index != first and point.day <= created:
            continue
        if recorded is not None and point.day <= recorded:
            continue
        level = _level(alert, points, index)
        if level is None:
            continue
        # What a day's extremes were before the alert was made is past.
        price = point.close if point.day <= created else _extreme(alert, point)
        if armed and _reached(alert, price, level):
            latest, armed = _fired(alert, point.day, price, _simulated(alert, points, index)), False
        elif not armed and _cleared(alert, point.close, level):
            armed = True
    return Outcome(latest, armed)


def _current(points: Sequence[PricePoint], created: date) -> int | None:
    """The last known price when the alert was made, unless it was too old to say anything."""
    index = sum(point.day <= created for point in points) - 1
    return index if index >= 0 and created - points[index].day <= MAX_PRICE_AGE else None


def _level(alert: Alert, points: Sequence[PricePoint], index: int) -> Decimal | None:
    if alert.condition not in _MOVES:
        return alert.value
    if index == 0 or points[index].day - points[index - 1].day != timedelta(days=1):
        return None
    change = alert.value / 100 if alert.condition in _UPWARD else -alert.value / 100
    return points[index - 1].close * (1 + change)


def _extreme(alert: Alert, point: PricePoint) -> Decimal:
    best = point.high if alert.condition in _UPWARD else point.low
    return point.close if best is None else best


def _reached(alert: Alert, price: Decimal, level: Decimal) -> bool:
    return price >= level if alert.condition in _UPWARD else price <= level


def _cleared(alert: Alert, close: Decimal, level: Decimal) -> bool:
    if alert.condition in _UPWARD:
        return close < level * (1 - HYSTERESIS)
    return close > level * (1 + HYSTERESIS)


def _simulated(alert: Alert, points: Sequence[PricePoint], index: int) -> bool:
    """Whether what fired it, or the close a move is measured from, is a price of the demo."""
    first = index - 1 if alert.condition in _MOVES else index
    return any(point.source == SIMULATED for point in points[first : index + 1])


def _fired(alert: Alert, day: date, price: Decimal, simulated: bool) -> Fired:
    title = describe(alert.asset, alert.condition, alert.value, alert.currency)
    mark = f" {SIMULATED_MARK}" if simulated else ""
    text = f"{alert.asset} was at {format_money(price, alert.currency)} on {day}{mark}."
    return Fired(alert.id, day, price, title, text)
