"""Tools about alerts: draft one (the user confirms), list them."""

import hashlib
from decimal import Decimal

from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column, Draft, TableCard
from engine.core.errors import KnownError
from engine.core.money import exact_money, exact_percent

WORDS = {
    "above": "rises above",
    "below": "falls below",
    "up_percent": "rises within 24 hours by",
    "down_percent": "falls within 24 hours by",
}
METHOD = "Checked in the background against the stored prices; an alert rings once, then re-arms."


def create_alert(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Drafts an alert; nothing is stored until the user confirms."""
    asset, condition = str(arguments["asset"]), str(arguments["condition"])
    value = arguments["value"]
    assert isinstance(value, Decimal)  # checked against the schema before the call
    if value <= 0:
        raise KnownError("An alert needs a number above zero.", "Say the price or the percentage.")
    sheet = Sheet("Alert draft", context.currency)
    level = _level(sheet, condition, value, context.currency)
    sheet.fact("asset", asset)
    sheet.fact("condition", f"{WORDS[condition]} {level}")
    last = context.last_price(asset)
    if last is not None:
        sheet.money("price now (simulated)" if context.simulated else "price now", last)
    else:
        sheet.fact("note", f"There are no fresh {context.currency} prices for {asset} yet.")
    sheet.fact("state", "draft, not active until confirmed")
    key = f"{asset}|{condition}|{value}|{context.currency}"
    draft = Draft(
        hashlib.blake2b(key.encode(), digest_size=8).hexdigest(),
        "alert",
        f"{asset} {WORDS[condition]} {level}",
        (("asset", asset), ("condition", condition), ("value", str(value)),
         ("currency", context.currency)),
    )  # fmt: skip
    return sheet.result(draft=draft)


def list_alerts(context: ToolContext, arguments: Arguments) -> ToolResult:
    """All alerts and whether they are armed."""
    sheet = Sheet("Alerts", context.currency)
    sheet.number("count", len(context.alerts), str(len(context.alerts)))
    rows = []
    for alert in context.alerts:
        level = _level(sheet, alert.condition, alert.value, alert.currency)
        state = "armed" if alert.armed else "rang, waits to re-arm"
        sheet.line(f"{alert.asset} {WORDS[alert.condition]} {level}, {state}")
        rows.append((alert.asset, WORDS[alert.condition], level, state))
    columns = (Column("Asset", "text"), Column("When it", "text"), Column("Level", "money"),
               Column("State", "text"))  # fmt: skip
    if not rows:
        return sheet.result()
    return sheet.result(TableCard("Alerts", columns, tuple(rows), None, METHOD, context.simulated))


def _level(sheet: Sheet, condition: str, value: Decimal, currency: str) -> str:
    """The number as it is stored; the figures are told of it and of the 24 hours of a move."""
    level = exact_money(value, currency)
    if condition.endswith("percent"):
        level = exact_percent(value)
        sheet.hidden("hours", Decimal(24), "24 hours")
    sheet.hidden("alert", value, level)
    return level
