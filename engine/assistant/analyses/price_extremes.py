"""The highest and lowest close of a coin over a period."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from engine.assistant.analyses.base import Analysis, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.errors import KnownError

_COIN = Param("asset", "asset", True, "the coin", label="Coin")
_PERIOD = replace(PERIOD, default="all")
_METHOD = "Daily closes from the stored price history; prices within a day may lie further apart."


def price_extremes(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Highest and lowest close with their days, and how far the last one is from them."""
    asset, period = str(arguments["asset"]), text_of(arguments, _PERIOD)
    start, end, label = context.window(period, context.first_price_day(asset))
    days, closes = context.prices.closes(asset, context.currency, start, end)
    if not days:
        raise KnownError(f"There are no prices of {asset} in {label}.", "Choose another period.")
    sheet = Sheet(f"Highest and lowest price of {asset}", context.currency)
    sheet.span(days[0], days[-1])
    last = _money(float(closes[-1]))
    places = (("highest close", int(np.argmax(closes))), ("lowest close", int(np.argmin(closes))))
    for name, place in places:
        price = _money(float(closes[place]))
        sheet.money(name, price)
        sheet.day(f"day of the {name}", days[place])
        sheet.percent(f"last close against the {name}", last / price - 1, sign=True)
    sheet.money("mean close", _money(float(closes.mean())))
    sheet.money("last close", last)
    line = by_day(asset, days, closes)
    title = f"{asset}: closes"
    chart = line_chart(title, [line], context.currency, _METHOD, context.simulated)
    return sheet.result(sheet.card(_METHOD, context.simulated), chart)


def _money(value: float) -> Decimal:
    return Decimal(str(value))


_PRICE = r"(?:price|close|closing price|value|level|rate|quote)"
PRICE_EXTREMES = Analysis(
    Tool(
        "price_extremes",
        "The highest and the lowest close of a coin over a period, with their days.",
        (_COIN, _PERIOD),
        price_extremes,
        "the highest and lowest price of {asset}",
        advice=True,
        headline="highest close",
    ),
    "Market",
    "Highs and lows",
    "When a coin was dearest and cheapest, and how far it is from there.",
    (
        rf"\b(?:highest|lowest|top|peak|maximum|minimum|max|min|record) {_PRICE}\b",
        rf"\b(?:highest|lowest|peak) [a-z]{{2,12}} {_PRICE}\b",
        r"\ball[- ]time[- ](?:high|low)s?\b",
        r"\b(?:ath|atl)s?\b",
        r"\b(?:highs? and lows?)\b",
    ),
)
