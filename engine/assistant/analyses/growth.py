"""What was paid in, what came of it, and both kinds of return: of everything or by part."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from engine.assistant.analyses.base import Analysis, Offers, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSET, PERIOD
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Card, Column, TableCard
from engine.core.errors import PRICES_FROM, KnownError
from engine.core.money import format_money, format_percent
from engine.core.records import Transaction
from engine.ledger.growth import (
    Growth,
    growth_by_account,
    growth_by_asset,
    growth_by_tag,
)
from engine.ledger.growth import growth as whole_growth
from engine.ledger.pricing import Prices

_ASSET = replace(ASSET, help="one coin; left out for everything", label="Coin")
_ACCOUNT = Param("account", "account", False, "one account", label="Account")
_TAG = Param("tag", "text", False, "what carries one of your tags", label="Tag")
_PERIOD = replace(PERIOD, default="all")
_BY = Param(
    "by", "enum", False, "what the table is divided by", ("coin", "account", "tag"),
    label="Table by", default="coin",
)  # fmt: skip
_METHOD = (
    "Gain = value + taken out − value before − paid in. TWR: daily linked, of the whole period; "
    "XIRR: the yearly rate at which what was paid in becomes what was taken out and what is left. "
    "Coins that come in without money count at the close of the day."
)
_Divided = Callable[[Sequence[Transaction], Prices, str, date, date], tuple[Growth, ...]]
_DIVIDED: dict[str, _Divided] = {
    "coin": growth_by_asset,
    "account": growth_by_account,
    "tag": growth_by_tag,
}


def growth(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Net contributions beside value, with TWR and XIRR, and the same part by part."""
    start, end = context.recorded_window(text_of(arguments, _PERIOD))

    def divided(by: str) -> tuple[Growth, ...]:
        return _DIVIDED[by](context.linked, context.prices, context.currency, start, end)

    one, name = _chosen(context, arguments, divided, start, end)
    if one.unknown:
        what = "anything held" if name == "the portfolio" else f"what {name} holds"
        what = name if "asset" in arguments else what
        raise KnownError(
            f"No price of {what} is known from {start} to {end}, so there is no growth to show.",
            PRICES_FROM,
        )
    sheet = Sheet(f"Growth of {name}", context.currency)
    sheet.span(start, end)
    if one.opening:
        sheet.money("value before", one.opening)
    sheet.money("paid in", one.paid_in)
    sheet.money("taken out", one.paid_out)
    sheet.money("value", one.value)
    sheet.money("gain", one.gain, sign=True)
    if one.twr is not None:
        sheet.percent("time-weighted return (TWR)", one.twr, sign=True)
    if one.xirr is not None:
        sheet.percent("money-weighted return a year (XIRR)", one.xirr, sign=True)
    for note in one.notes:
        sheet.note(note)
    lines = [
        by_day("Value", one.history.days, one.history.values),
        by_day("Net contributions", one.history.days, one.invested),
    ]
    title = f"{sheet.title}: value and net contributions"
    chart = line_chart(title, lines, context.currency, _METHOD, context.simulated)
    cards: list[Card] = [sheet.card(_METHOD, context.simulated), chart]
    if name == "the portfolio":
        by = text_of(arguments, _BY)
        parts = divided(by)
        if parts:
            cards.append(_table(sheet, by, parts, context))
        else:
            sheet.note(f"No transaction carries a {by}.")
    return sheet.result(*cards)


def _chosen(
    context: ToolContext,
    arguments: Arguments,
    divided: Callable[[str], tuple[Growth, ...]],
    start: date,
    end: date,
) -> tuple[Growth, str]:
    """What the figures are about: a coin, an account, a tag, or all."""
    for key, by in (("asset", "coin"), ("account", "account"), ("tag", "tag")):
        if key in arguments:
            name = str(arguments[key])
            found = next((one for one in divided(by) if one.name == name), None)
            if found is None:
                raise KnownError(f"No transaction is about {name}.", f"Choose another {by}.")
            return found, name
    whole = whole_growth(context.linked, context.prices, context.currency, start, end)
    return whole, "the portfolio"


def _table(sheet: Sheet, by: str, parts: Sequence[Growth], context: ToolContext) -> TableCard:
    columns = (
        Column(by.capitalize(), "text"), Column("Net paid in", "money"), Column("Value", "money"),
        Column("Gain", "money"), Column("TWR", "percent"), Column("XIRR", "percent"),
    )  # fmt: skip
    rows = [
        (
            one.name,
            *("–" if one.unknown else format_money(value, context.currency)
              for value in (one.net, one.value, one.gain)),
            *("–" if r is None else format_percent(r, sign=True) for r in (one.twr, one.xirr)),
        )
        for one in parts
    ]  # fmt: skip
    return sheet.table(f"By {by}", columns, rows, _METHOD, context.simulated)


def _offers(context: ToolContext) -> Offers:
    tags = sorted({t.tag for t in context.transactions if t.tag})
    return {"asset": context.assets, "tag": tuple(tags)}


_PAID = r"(?:contributions?|deposits)"
_GREW = r"(?:growth|gains?|value|returns?)"
_AGAINST = r"(?:vs\.?|versus|against|and|beside)"
GROWTH = Analysis(
    Tool(
        "growth",
        "Contributions against growth, TWR and XIRR, by coin, account or tag.",
        (_ASSET, _ACCOUNT, _TAG, _PERIOD, _BY),
        growth,
        "the growth of your portfolio",
        advice=True,
        headline="gain",
    ),
    "Portfolio",
    "Contributions and growth",
    "What you paid in, what it became, and the return of your money and of your choices.",
    (
        r"\bx?irr\b",
        r"\bmoney[- ]weighted\b",
        r"\b(?:twrr?|time[- ]weighted)\b.{0,40}\b(?:by|per|each|of every) (?:coin|account|tag)s?\b",
        rf"\b{_PAID}\b.{{0,20}}\b{_AGAINST}\b.{{0,20}}\b{_GREW}\b",
        rf"\b{_GREW}\b.{{0,20}}\b{_AGAINST}\b.{{0,20}}\b{_PAID}\b",
        r"\binternal rate of return\b",
    ),
    _offers,
)
