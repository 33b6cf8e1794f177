"""The price of one coin in another."""

from datetime import date
from decimal import Decimal

import numpy as np

from engine.analytics.returns import daily_returns
from engine.assistant.analyses.base import Analysis, Read, first_coins, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.assistant.tools.line import Line
from engine.core.errors import KnownError

_COIN = Param("asset", "asset", True, "the coin that is priced", label="Price of")
_IN = Param("against", "asset", True, "the coin it is priced in", label="In")
_DIGITS = 6


def price_ratio(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Close ÷ close on the days both have: the last one, its change, and the extremes."""
    asset, against = str(arguments["asset"]), str(arguments["against"])
    if asset == against:
        raise KnownError("A ratio takes two different coins.", "Name another one.")
    period = text_of(arguments, PERIOD)
    closes = [dict(zip(*_listed(context, one, period), strict=True)) for one in (asset, against)]
    days = sorted(closes[0].keys() & closes[1].keys())
    if not days:
        raise KnownError(
            f"{asset} and {against} have no days with prices in common.", "Choose another period."
        )
    ratios = np.array([closes[0][day] / closes[1][day] for day in days])
    sheet = Sheet(f"{asset} in {against}", context.currency)
    sheet.span(*Line(sheet.title, days, ratios, *daily_returns(days, ratios)).span)
    last, first = float(ratios[-1]), float(ratios[0])
    _ratio(sheet, "ratio", last)
    sheet.percent("change", last / first - 1, sign=True)
    for name, place in (("highest", int(np.argmax(ratios))), ("lowest", int(np.argmin(ratios)))):
        _ratio(sheet, name, float(ratios[place]))
        sheet.day(f"day of the {name}", days[place])
    _ratio(sheet, "mean", float(ratios.mean()))
    how = f"Close of {asset} ÷ close of {against}, on the days both have one."
    title = f"{asset} in {against}"
    chart = line_chart(title, [by_day(title, days, ratios)], against, how, context.simulated)
    return sheet.result(sheet.card(how, context.simulated), chart)


def _listed(context: ToolContext, asset: str, period: str) -> tuple[list[date], list[float]]:
    days, closes = context.closes(asset, period)
    return days, closes.tolist()


def _ratio(sheet: Sheet, label: str, value: float) -> None:
    shown = Decimal(f"{value:.{_DIGITS}g}")
    sheet.number(label, shown, f"{shown:f}")


def _defaults(context: ToolContext) -> Arguments:
    """The second largest holding in the largest, as ETH in BTC."""
    coins = first_coins(context)
    return {_IN.name: coins[0], _COIN.name: coins[1]} if len(coins) > 1 else {}


def _reads(found: Recognised) -> Read:
    coins = [str(asset) for asset in found.values("asset")]
    return {"asset": coins[0], "against": coins[1]} if len(coins) > 1 else {"against": None}


PRICE_RATIO = Analysis(
    Tool(
        "price_ratio",
        "The price of one coin in another over a period, such as ETH in BTC.",
        (_COIN, _IN, PERIOD),
        price_ratio,
        "the ratio of {asset} to {against}",
        advice=True,
        headline="ratio",
    ),
    "Market",
    "Price ratio",
    "What one coin costs in another, and how that changed.",
    (
        r"\bratio (?:of|between) \w+ (?:to|and|over|against|vs) \w+",
        r"\b[a-z]{2,6} ?[/:-] ?[a-z]{2,6}(?: price)? ratio\b",
        r"\b(?:price[ds]?|measured|quoted) (?:of \w+ )?in (?:btc|bitcoins?|eth|ether(?:eum)?)\b",
    ),
    reads=_reads,
    defaults=_defaults,
)
