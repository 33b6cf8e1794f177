"""The alerts one asks for in a sentence: a price level, or a move in per cent within 24 hours."""

from decimal import Decimal
from typing import Literal

from engine.alerts.conditions import Condition
from engine.alerts.kinds.base import Check
from engine.alerts.rulejson import make_check
from engine.core.money import to_text

SimpleCondition = Literal["above", "below", "up_percent", "down_percent"]


def simple_check(asset: str, condition: SimpleCondition, value: Decimal, currency: str) -> Check:
    """The check; value is a price in `currency`, or per cent. KnownError if it makes no sense."""
    where = {"asset": asset, "currency": currency}
    number = to_text(value)
    if condition in ("above", "below"):
        return make_check("price", {**where, "direction": condition, "level": number})
    direction = condition.removesuffix("_percent")
    return make_check(
        "move", {**where, "direction": direction, "percent": number, "days": Decimal(1)}
    )


def simple_of(condition: Condition) -> tuple[SimpleCondition, Decimal] | None:
    """What simple_check() was given, if a condition is one of these."""
    if isinstance(condition, Check) and condition.kind == "price":
        above = condition.text("direction") == "above"
        return "above" if above else "below", condition.number("level")
    if isinstance(condition, Check) and condition.kind == "move" and condition.number("days") == 1:
        up = condition.text("direction") == "up"
        return "up_percent" if up else "down_percent", condition.number("percent")
    return None
