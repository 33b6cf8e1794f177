"""Measured sentiment beside the price, and what it had to do with the next day's return."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from engine.analytics.returns import FEW_OBSERVATIONS
from engine.analytics.sentiment import next_day_correlation
from engine.assistant.analyses.base import Analysis, Offers, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet, two_decimals
from engine.assistant.tools.line import data_hash
from engine.core.cards import Card
from engine.core.errors import KnownError
from engine.ledger.pricing import Floats

_TOPIC, _FIELD = "sentiment", "score"
_MARKET = "market"
_SERIES = Param(
    "series", "text", False, "what the sentiment is about", label="Sentiment of",
    omitted="whatever is known",
)  # fmt: skip
_COIN = Param(
    "asset", "asset", False, "the coin whose price stands beside it", label="Price of",
    omitted="the same",
)  # fmt: skip
_PERIOD = replace(PERIOD, default="all")
_WEEK = 7


def sentiment(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Mean and last score, and the correlation of a day's score with the next day's return."""
    series = _chosen(context, text_of(arguments, _SERIES), text_of(arguments, _COIN))
    asset = text_of(arguments, _COIN) or (series if series.isupper() else "BTC")
    days, scores = context.library.measurements(_TOPIC, series, _FIELD)
    start, end, label = context.window(text_of(arguments, _PERIOD), days[0])
    kept = [number for number, day in enumerate(days) if start <= day <= end]
    if not kept:
        raise KnownError(f"There is no sentiment of {series} in {label}.", "Choose another period.")
    days, scores = [days[number] for number in kept], scores[kept]
    sheet = Sheet(f"Sentiment of {series}", context.currency)
    sheet.span(days[0], days[-1])
    for name, value in _measures(scores):
        sheet.number(name, round(value, 6), two_decimals(value))
    sheet.number("days", len(days), f"{len(days):,}")
    price_days, closes = context.prices.closes(
        asset, context.currency, days[0], days[-1] + timedelta(1)
    )
    how = (
        "Scores from -1 (bad) to 1 (good), the mean of each day; Pearson's r with the simple "
        f"return of the day after, which says nothing about cause; data {data_hash(scores)}."
    )
    _correlation(sheet, asset, (days, scores), (price_days, closes))
    cards: list[Card] = [
        line_chart(f"Sentiment of {series}", [by_day(series, days, scores)], "", how, False)
    ]
    if len(price_days) > 1:
        price = by_day(asset, price_days, closes)
        title = f"Price of {asset}"
        cards.append(line_chart(title, [price], context.currency, how, context.simulated))
    return sheet.result(sheet.card(how, False), *cards)


def _measures(scores: Floats) -> list[tuple[str, float]]:
    found = [("last", float(scores[-1])), ("mean", float(scores.mean()))]
    if len(scores) > _WEEK:
        found.append((f"mean of the last {_WEEK} days", float(scores[-_WEEK:].mean())))
    return [*found, ("lowest", float(np.min(scores))), ("highest", float(np.max(scores)))]


def _correlation(
    sheet: Sheet,
    asset: str,
    tone: tuple[list[date], Floats],
    price: tuple[list[date], Floats],
) -> None:
    label = f"correlation with the next day's return of {asset}"
    try:
        found = next_day_correlation(*tone, *price)
    except KnownError as error:
        sheet.note(f"There is no {label}: {error.sentence}")
        return
    sheet.number(label, round(found.value, 6), two_decimals(found.value))
    sheet.number("pairs of days", found.n, f"{found.n:,}")
    if found.n < FEW_OBSERVATIONS:
        sheet.note(f"With {found.n} pairs of days this correlation is a rough figure.")


def _chosen(context: ToolContext, named: str, asset: str) -> str:
    """The series named, else that of the coin, else the market's, else the only one."""
    known = _known(context)
    if not known:
        raise KnownError(
            "There is no sentiment to show.", "Import dated texts or scores under Market data."
        )
    if named:
        if named not in known:
            raise KnownError(f"There is no sentiment of {named}.", f"Known: {', '.join(known)}.")
        return named
    return next((name for name in (asset, _MARKET) if name in known), known[0])


def _offers(context: ToolContext) -> Offers:
    return {"series": tuple(_known(context))}


def _known(context: ToolContext) -> list[str]:
    return [name for name, field in context.library.measured(_TOPIC) if field == _FIELD]


def _lacks(context: ToolContext) -> str:
    if _known(context):
        return ""
    return "Import dated texts or scores under Market data to see them beside the price."


SENTIMENT = Analysis(
    Tool(
        "sentiment",
        "Imported sentiment beside the price: mean, last, correlation with next-day returns.",
        (_SERIES, _COIN, _PERIOD),
        sentiment,
        "the sentiment of {series}",
        advice=True,
        headline="last",
    ),
    "Market",
    "Sentiment",
    "What texts or scores you imported say, and whether prices followed.",
    (r"\bsentiments?\b", r"\bfear (?:and|&) greed\b"),
    _offers,
    lacks=_lacks,
)
