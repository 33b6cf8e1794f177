"""Tools about alerts: draft one (the user confirms), list them."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import cast

from engine.alerts.conditions import describe
from engine.alerts.kinds.base import Check
from engine.alerts.listing import Alert
from engine.alerts.simple import SimpleCondition, simple_check, simple_of
from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet, figures_of
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
_STATES = {"watching": "armed", "paused": "paused", "ended": "ended"}


def create_alert(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Drafts an alert; nothing is stored until the user confirms."""
    asset, condition = str(arguments["asset"]), str(arguments["condition"])
    value = arguments["value"]
    assert isinstance(value, Decimal)  # checked against the schema before the call
    if value <= 0:
        raise KnownError("An alert needs a number above zero.", "Say the price or the percentage.")
    simple_check(asset, cast(SimpleCondition, condition), value, context.currency)
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
    """All alerts and how they stand."""
    sheet = Sheet("Alerts", context.currency)
    sheet.number("count", len(context.alerts), str(len(context.alerts)))
    rows = []
    for alert in context.alerts:
        asset, words, level = _row(sheet, alert)
        state = _state(alert)
        sheet.figures += figures_of("state", state)
        text = " ".join(part for part in (asset, words, level) if part)
        sheet.line(f"{text}, {state}")
        rows.append((asset, words, level, state))
    columns = (Column("Asset", "text"), Column("When it", "text"), Column("Level", "money"),
               Column("State", "text"))  # fmt: skip
    if not rows:
        sheet.note("There are no alerts. Ask for one: “tell me when BTC drops below 50,000”.")
        return replace(sheet.result(), plain=True)
    return sheet.result(TableCard("Alerts", columns, tuple(rows), None, METHOD, context.simulated))


def _row(sheet: Sheet, alert: Alert) -> tuple[str, str, str]:
    """Asset, condition and level of the alerts one can ask for; of others the words alone."""
    simple = simple_of(alert.condition)
    if simple is not None and isinstance(alert.condition, Check):
        condition, value = simple
        level = _level(sheet, condition, value, alert.condition.text("currency"))
        return alert.condition.text("asset"), WORDS[condition], level
    words = describe(alert.condition)
    sheet.figures += figures_of("alert", words)
    return "", words, ""


def _state(alert: Alert) -> str:
    fired = "" if alert.last_fired is None else f", last rang {alert.last_fired:%Y-%m-%d}"
    return f"{_STATES[alert.state]}{fired}"


def _level(sheet: Sheet, condition: str, value: Decimal, currency: str) -> str:
    """The number as it is stored; the figures are told of it and of the 24 hours of a move."""
    level = exact_money(value, currency)
    if condition.endswith("percent"):
        level = exact_percent(value)
        sheet.hidden("hours", Decimal(24), "24 hours")
    sheet.hidden("alert", value, level)
    return level
