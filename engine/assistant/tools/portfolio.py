"""Tools about what the user owns: value and weights, one position."""

from dataclasses import replace
from decimal import Decimal

from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext, parse_day
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import PRICES_FROM
from engine.core.money import format_amount, format_money, format_percent
from engine.ledger.gaps import about
from engine.ledger.valuation import HoldingRow, Valuation

NO_VALUE = f"None of them has a price of that time. {PRICES_FROM}"
_NOTES = 3  # the last gaps are about the price and the amount now
_COLUMNS = (
    Column("Asset", "text"),
    Column("Amount", "amount"),
    Column("Price", "money"),
    Column("Value", "money"),
    Column("Weight", "percent"),
    Column("Unrealised", "money"),
)


def valuation_method(context: ToolContext) -> str:
    """How values and costs were worked out."""
    return (
        "Last close on or before the day × amount held; "
        f"costs {context.basis.described()}, fees included."
    )


def portfolio_value(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Total value, holdings and weights, now or at the end of a past day."""
    on = parse_day(arguments.get("date"), context.today)
    account = arguments.get("account")
    held = context.valuation(on, str(account) if account else None)
    where = f" on {account}" if account else ""
    sheet = Sheet(f"Portfolio value{where}", context.currency)
    sheet.day("date", held.on)
    if held.worth_unknown:
        names = [row.asset for row in (*held.rows, *held.nfts)]
        sheet.fact("coins held", ", ".join(names[:12]))
        for sentence in held.missing[-_NOTES:]:
            sheet.note(sentence)
        sheet.note(NO_VALUE)
        return replace(sheet.result(_table(sheet, held, context)), plain=True)
    sheet.money("total", held.total)
    sheet.number("assets", len(held.rows), str(len(held.rows)))
    for row in held.rows[:5]:
        if row.value is not None and row.weight is not None:
            value = format_money(row.value, context.currency)
            sheet.line(f"{row.asset}: {value}, {format_percent(row.weight)}")
    for sentence in held.missing[-_NOTES:]:  # the last ones say what is not in the total
        sheet.note(sentence)
    result = sheet.result(_table(sheet, held, context), *_donut(held, context))
    # Words of a model could present the total of a part as that of the whole.
    return replace(result, plain=bool(held.unpriced))


def position(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Amount, value, weight, average cost and unrealised gain of one asset."""
    asset = str(arguments["asset"])
    account = arguments.get("account")
    wanted = str(account) if account else None
    held = context.valuation(None, wanted)
    row = next((r for r in held.rows if r.asset == asset), None)
    where = f" on {account}" if account else ""
    sheet = Sheet(f"Position {asset}{where}", context.currency)
    gaps = about(held.missing, asset)
    if row is None:
        amount = context.amount(asset, wanted)
        sheet.amount("amount", amount, asset)
        if not amount:
            sheet.fact("note", f"You hold no {asset}{where}.")
        for sentence in gaps[-_NOTES:]:
            sheet.note(sentence)
        # Below zero: the records are incomplete, and that is the whole answer.
        return replace(
            sheet.result(sheet.card(valuation_method(context), context.simulated)),
            plain=bool(amount),
        )
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
    part = row.cost is not None and row.known_amount < row.amount
    if part:
        known, whole = format_amount(row.known_amount), format_amount(row.amount)
        sheet.note(
            f"Average cost and unrealised gain are about {known} of the {whole} {asset}; "
            "what the rest cost is not known."
        )
    for sentence in gaps[-_NOTES:]:
        sheet.note(sentence)
    # Words of a model could present the gain of a part as that of the whole, or a cost as a value.
    plain = part or row.value is None
    return replace(
        sheet.result(sheet.card(valuation_method(context), context.simulated)), plain=plain
    )


def _table(sheet: Sheet, held: Valuation, context: ToolContext) -> TableCard:
    rows = tuple(_cells(sheet, row) for row in held.rows)
    gains = [row.unrealised for row in held.rows if row.unrealised is not None]
    name = "Total"
    if held.unpriced:
        name = f"Total of {len(held.rows) - held.unpriced} of {len(held.rows)}"
    total = (
        name, "", "", sheet.money_cell("total", held.total),
        sheet.percent_cell("total weight", Decimal(1) if held.total else None),
        sheet.money_cell("unrealised", sum(gains, Decimal(0)) if gains else None),
    )  # fmt: skip
    return TableCard(
        f"{sheet.title}, {held.on}",
        _COLUMNS,
        rows,
        None if held.worth_unknown else total,
        valuation_method(context),
        context.simulated,
    )


def _cells(sheet: Sheet, row: HoldingRow) -> tuple[str, ...]:
    amount = format_amount(row.amount)
    sheet.hidden(f"amount of {row.asset}", row.amount, f"{amount} {row.asset}")
    return (
        row.asset,
        amount,
        sheet.money_cell(f"price of {row.asset}", row.price),
        sheet.money_cell(f"value of {row.asset}", row.value),
        sheet.percent_cell(f"weight of {row.asset}", row.weight),
        sheet.money_cell(f"unrealised of {row.asset}", row.unrealised),
    )


def _donut(held: Valuation, context: ToolContext) -> tuple[ChartCard, ...]:
    parts = [(r.asset, float(r.weight) * 100) for r in held.rows if r.weight and r.weight > 0]
    if len(parts) < 2:
        return ()
    largest, rest = parts[:7], sum(value for _, value in parts[7:])
    if rest:
        largest.append(("Other", rest))
    series = Series("weight", tuple(name for name, _ in largest), tuple(v for _, v in largest))
    return (
        ChartCard(
            "Allocation", "donut", (series,), "%", valuation_method(context), context.simulated
        ),
    )
