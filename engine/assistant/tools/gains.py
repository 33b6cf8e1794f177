"""Tools about gains: profit and loss, best and worst position, return over a period."""

from dataclasses import replace
from decimal import Decimal

from engine.analytics.returns import period_return as price_return
from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_percent
from engine.core.records import FIAT
from engine.ledger.gains import realised

FIFO_METHOD = "First in, first out; fees in cost and proceeds; unrealised at the last close."
TWR_METHOD = "Time-weighted return, daily linked: deposits and withdrawals do not count as gains."
PRICE_METHOD = "Last close ÷ close before the period − 1."
_COLUMNS = (
    Column("Asset", "text"),
    Column("Realised", "money"),
    Column("Unrealised now", "money"),
    Column("Income", "money"),
)


def profit_loss(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Realised and unrealised gain of the portfolio or one asset; realised within a period."""
    held = context.valuation()
    asset, kind = arguments.get("asset"), arguments.get("kind")
    wanted = None if asset is None else str(asset)
    start = end = None
    if "period" in arguments:
        start, end, _ = context.window(str(arguments["period"]))
    closed = realised(context.book, start, end, wanted)
    open_ = {
        r.asset: r.unrealised
        for r in held.rows
        if r.unrealised is not None and wanted in (None, r.asset)
    }
    sheet = Sheet("Profit and loss" + (f" of {asset}" if asset else ""), context.currency)
    if start and end:
        sheet.span(start, end)
    gain = sum((row.gain for row in closed), Decimal(0))
    income = sum((row.income for row in closed), Decimal(0))
    paper = sum(open_.values(), Decimal(0))
    headline = ""
    if kind != "unrealised":
        headline = sheet.money("realised", gain, sign=True)
        if income:
            sheet.money("income", income, sign=True)
    if kind != "realised":
        paper_text = sheet.money("unrealised now", paper, sign=True)
        headline = headline or paper_text
    if kind is None and start is None:  # what is open now is no gain of a period alone
        headline = sheet.money("total", gain + income + paper, sign=True)
    for sentence in context.book.missing[:2]:
        sheet.note(sentence)
    by_asset = {row.asset: row for row in closed}
    rows = []
    for name in sorted(by_asset.keys() | open_.keys()):
        row = by_asset.get(name)
        rows.append(
            (
                name,
                sheet.money_cell(f"realised of {name}", row.gain if row else None),
                sheet.money_cell(f"unrealised of {name}", open_.get(name)),
                sheet.money_cell(f"income of {name}", row.income if row else None),
            )
        )
    total = (
        "Total",
        sheet.money_cell("realised", gain),
        sheet.money_cell("unrealised now", paper),
        sheet.money_cell("income", income),
    )
    table = TableCard(sheet.title, _COLUMNS, tuple(rows), total, FIFO_METHOD, context.simulated)
    return replace(sheet.result(table), headline=headline)


def best_worst(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The positions with the highest and the lowest return, on cost or over a period."""
    held = context.valuation()
    sheet = Sheet("Best and worst position", context.currency)
    ranked: list[tuple[str, Decimal]] = []
    if "period" in arguments:
        start, end, _ = context.window(str(arguments["period"]))
        sheet.span(start, end)
        method = PRICE_METHOD
        for row in held.rows:
            if row.price is None or row.asset in FIAT:
                continue
            days, closes = context.closes(row.asset, str(arguments["period"]))
            if len(days) > 1:
                ranked.append((row.asset, Decimal(str(price_return(closes)))))
    else:
        method = "Unrealised gain ÷ cost of what is held (FIFO)."
        sheet.day("date", held.on)
        ranked = [
            (row.asset, row.unrealised / row.cost)
            for row in held.rows
            if row.unrealised is not None and row.cost
        ]
    if not ranked:
        raise KnownError(
            "No position has both a cost and a price.", "Import transactions and price history."
        )
    ranked.sort(key=lambda item: -item[1])
    best, worst = ranked[0], ranked[-1]
    sheet.fact("best", best[0])
    sheet.percent("return of best", best[1], sign=True)
    sheet.fact("worst", worst[0])
    sheet.percent("return of worst", worst[1], sign=True)
    for name, value in ranked:
        sheet.hidden(f"return of {name}", value * 100, format_percent(value, sign=True))
    series = Series("return", tuple(n for n, _ in ranked), tuple(float(v) * 100 for _, v in ranked))
    chart = ChartCard("Return by position", "bar", (series,), "%", method, context.simulated)
    return sheet.result(sheet.card(method, context.simulated), chart)


def period_return(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The return over a period: of the portfolio (time-weighted) or of one asset's price."""
    period = str(arguments["period"]) if "period" in arguments else None
    if "asset" in arguments:
        asset, method = str(arguments["asset"]), PRICE_METHOD
        days, closes = context.closes(asset, period)
    else:
        asset, method = "portfolio", TWR_METHOD
        days, closes = context.wealth(period)
    value = price_return(closes)
    sheet = Sheet(f"Return of {asset}" if asset != "portfolio" else "Portfolio return",
                  context.currency)  # fmt: skip
    sheet.span(days[0], days[-1])
    sheet.percent("return", value, sign=True)
    if asset != "portfolio":
        sheet.money("price at start", Decimal(str(closes[0])))
        sheet.money("price at end", Decimal(str(closes[-1])))
    growth = [float(c / closes[0] - 1) * 100 for c in closes]
    series = Series(asset, tuple(map(str, days)), tuple(growth))
    chart = ChartCard("Return since the start", "line", (series,), "%", method, context.simulated)
    return sheet.result(sheet.card(method, context.simulated), chart)
