"""What moved the portfolio: the gain of each coin over a few days, and its part of the whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from engine.assistant.analyses.base import Analysis, held_coins, text_of
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.tools.base import Arguments, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet
from engine.core.cards import ChartCard, Column, Series
from engine.core.errors import PRICES_FROM, KnownError
from engine.core.money import format_money, format_percent
from engine.ledger.growth import Growth, growth_by_asset

_PERIOD = replace(PERIOD, default="1d", help="such as 1d, 7d, 30d, ytd")
_METHOD = (
    "Gain of a coin: value at the end + taken out − value before − paid in, so that buying and "
    "selling is no gain; its return is time-weighted; points: its gain in percent of the value of "
    "everything before."
)


def movers(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Gain and return of each coin since the close before the period, the largest move first."""
    start, end = context.recorded_window(text_of(arguments, _PERIOD))
    last = _last_close(context)
    late = end - min(end, last)
    if last < start:
        # None of the days has a close yet, so as many before them are the newest to tell of.
        start = max(start - late, context.first_day)
        end = max(end - late, start)
    found = growth_by_asset(context.linked, context.prices, context.currency, start, end)
    rows = [one for one in found if one.value or one.opening or one.net]
    rows.sort(key=lambda one: (-abs(one.gain), one.name))
    unpriced = [one.name for one in found if one.unknown]
    if not rows and unpriced:
        raise KnownError(
            "No price of anything held is known, so nothing can be said to have moved.", PRICES_FROM
        )
    if not rows:
        raise KnownError("Nothing was held in this period.", "Choose a later one.")
    before = sum((one.opening for one in rows), Decimal(0))
    gain = sum((one.gain for one in rows), Decimal(0))
    sheet = Sheet("Movers", context.currency)
    sheet.span(start, max(start, min(end, last)))
    sheet.money("gain of all", gain, sign=True)
    if before:
        sheet.percent("change", gain / before, sign=True)
    for label, one in (("rose most", max(rows, key=_gain)), ("fell most", min(rows, key=_gain))):
        if one.gain > 0 if label == "rose most" else one.gain < 0:
            sheet.fact(label, one.name)
            sheet.money(f"gain of {one.name}", one.gain, sign=True)
    sheet.left_out(unpriced, NO_PRICE)
    if late:
        sheet.note(f"The newest closes are of {last}.")
    columns = (
        Column("Coin", "text"), Column("Gain", "money"), Column("Return", "percent"),
        Column("Points", "percent"), Column("Value", "money"),
    )  # fmt: skip
    cells = [
        (
            one.name,
            ("+" if one.gain > 0 else "") + format_money(one.gain, context.currency),
            "–" if one.twr is None else format_percent(one.twr, sign=True),
            format_percent(one.gain / before, sign=True) if before else "–",
            format_money(one.value, context.currency),
        )
        for one in rows
    ]
    table = sheet.table("By coin", columns, cells, _METHOD, context.simulated)
    chart = _bars(rows, context)
    return sheet.result(sheet.card(_METHOD, context.simulated), table, chart)


def _gain(one: Growth) -> Decimal:
    return one.gain


def _last_close(context: ToolContext) -> date:
    points = (
        context.prices.quote(coin, context.currency, context.today) for coin in held_coins(context)
    )
    return max((point.day for point in points if point), default=context.today - timedelta(1))


def _bars(rows: Sequence[Growth], context: ToolContext) -> ChartCard:
    order = sorted(rows, key=lambda one: -one.gain)
    series = Series("Gain", tuple(o.name for o in order), tuple(float(o.gain) for o in order))
    title = "What moved the portfolio"
    return ChartCard(title, "bar", (series,), context.currency, _METHOD, context.simulated)


_MOVED = r"(?:moved|moves|drove|driv\w+|dragg?\w*|pushed|pulled)"
_WHOLE = r"(?:portfolio|holdings|balance|total|everything)"
_CHANGED = r"(?:up|down|rise|rose|risen|fall|fell|fallen|drop\w*|chang\w*|move[ds]?)"
MOVERS = Analysis(
    Tool(
        "movers",
        "What moved the portfolio over a day or a few: gain and return of each coin.",
        (_PERIOD,),
        movers,
        "what moved your portfolio",
        advice=True,
        headline="gain of all",
    ),
    "Portfolio",
    "Movers",
    "Which coins the change of the last day, week or month came from.",
    (
        r"^[\w'\s]{0,30}\bmovers\b",
        rf"\b(?:what|which)\b.{{0,25}}\b{_MOVED}\b.{{0,20}}\b{_WHOLE}\b",
        r"\bwhich (?:coins?|positions?|holdings?) (?:moved|contributed|drove)\b",
        r"\bcontribut\w+ (?:of|by|per) (?:each )?coins?\b",
        rf"\bwhy (?:is|did|has) my (?:portfolio|balance|total)\b.{{0,20}}\b{_CHANGED}\b",
    ),
)
