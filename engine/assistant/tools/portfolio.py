"""Tools about what the user owns: value and weights, one position."""

from decimal import Decimal

from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext, parse_day
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.money import format_amount, format_money, format_percent
from engine.ledger.valuation import HoldingRow, Valuation

METHOD = "Last close on or before the day × amount held; costs first in, first out, fees included."
_COLUMNS = (
    Column("Asset", "text"),
    Column("Amount", "amount"),
    Column("Price", "money"),
    Column("Value", "money"),
    Column("Weight", "percent"),
    Column("Unrealised", "money"),
)
_NONE = "–"


def portfolio_value(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Total value, holdings and weights, now or at the end of a past day."""
    on = parse_day(arguments.get("date"), context.today)
    account = arguments.get("account")
    held = context.valuation(on, str(account) if account else None)
    where = f" on {account}" if account else ""
    sheet = Sheet(f"Portfolio value{where}", context.currency)
    sheet.day("date", held.on)
    sheet.money("total", held.total)
    sheet.number("assets", len(held.rows), str(len(held.rows)))
    for row in held.rows[:5]:
        if row.value is not None and row.weight is not None:
            value = format_money(row.value, context.currency)
            weight = format_percent(row.weight)
            sheet.hidden(f"value of {row.asset}", row.value, value)
            sheet.hidden(f"weight of {row.asset}", row.weight * 100, weight)
            sheet.line(f"{row.asset}: {value}, {weight}")
    for row in held.rows:
        _remember(sheet, row, context.currency)
    for sentence in held.missing[:3]:
        sheet.line(f"note: {sentence}")
    return sheet.result(_table(held, context, sheet.title), *_donut(held, context))


def position(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Amount, value, weight, average cost and unrealised gain of one asset."""
    asset = str(arguments["asset"])
    account = arguments.get("account")
    held = context.valuation(None, str(account) if account else None)
    row = next((r for r in held.rows if r.asset == asset), None)
    where = f" on {account}" if account else ""
    sheet = Sheet(f"Position {asset}{where}", context.currency)
    if row is None:
        sheet.amount("amount", Decimal(0), asset)
        sheet.fact("note", f"You hold no {asset}{where}.")
        return sheet.result(sheet.card(METHOD, context.simulated))
    sheet.amount("amount", row.amount, asset)
    if row.value is not None and row.price is not None and row.price_day is not None:
        sheet.money("value", row.value)
        sheet.percent("weight", row.weight or Decimal(0))
        sheet.money("price", row.price)
        sheet.day("price of", row.price_day)
    if row.average_cost is not None:
        sheet.money("average cost", row.average_cost)
    if row.unrealised is not None and row.cost:
        sheet.money("unrealised", row.unrealised, sign=True)
        sheet.percent("unrealised return", row.unrealised / row.cost, sign=True)
    return sheet.result(sheet.card(METHOD, context.simulated))


def _remember(sheet: Sheet, row: HoldingRow, currency: str) -> None:
    """Makes every number of the table available to the grounding check."""
    sheet.hidden(f"amount of {row.asset}", row.amount, f"{format_amount(row.amount)} {row.asset}")
    if row.price is not None:
        sheet.hidden(f"price of {row.asset}", row.price, format_money(row.price, currency))
    if row.value is not None and row.weight is not None:
        sheet.hidden(f"value of {row.asset}", row.value, format_money(row.value, currency))
        sheet.hidden(f"weight of {row.asset}", row.weight * 100, format_percent(row.weight))


def _table(held: Valuation, context: ToolContext, title: str) -> TableCard:
    currency = context.currency

    def money(value: Decimal | None) -> str:
        return _NONE if value is None else format_money(value, currency)

    rows = tuple(
        (
            row.asset,
            format_amount(row.amount),
            money(row.price),
            money(row.value),
            _NONE if row.weight is None else format_percent(row.weight),
            money(row.unrealised),
        )
        for row in held.rows
    )
    gains = [row.unrealised for row in held.rows if row.unrealised is not None]
    total = (
        "Total", "", "", format_money(held.total, currency),
        format_percent(Decimal(1)) if held.total else _NONE,
        format_money(sum(gains, Decimal(0)), currency) if gains else _NONE,
    )  # fmt: skip
    return TableCard(f"{title}, {held.on}", _COLUMNS, rows, total, METHOD, context.simulated)


def _donut(held: Valuation, context: ToolContext) -> tuple[ChartCard, ...]:
    parts = [(r.asset, float(r.weight) * 100) for r in held.rows if r.weight and r.weight > 0]
    if len(parts) < 2:
        return ()
    largest, rest = parts[:7], sum(value for _, value in parts[7:])
    if rest:
        largest.append(("Other", rest))
    series = Series("weight", tuple(name for name, _ in largest), tuple(v for _, v in largest))
    return (ChartCard("Allocation", "donut", (series,), "%", METHOD, context.simulated),)
