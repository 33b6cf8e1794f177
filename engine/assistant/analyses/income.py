"""Rewards, interest, airdrops and other income, by kind, coin and month."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from engine.assistant.analyses.base import Analysis
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.tools.base import Arguments, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.money import format_amount, format_money

_ZERO = Decimal(0)
_METHOD = "Valued at the stated value, else at the close of the day it came in."


def income(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Everything that came in as income in a period."""
    context.require_portfolio()
    start, end, label = context.window(str(arguments.get("period") or PERIOD.default))
    kinds = {
        (t.time, t.account, t.asset_in): t.income_kind
        for t in context.linked if t.kind == "income"
    }  # fmt: skip
    found = [one for one in context.book.income if start <= one.time.date() <= end]
    sheet = Sheet(f"Income, {label}", context.currency)
    sheet.span(start, end)
    sheet.money("total", sum((one.value for one in found), _ZERO))
    by_kind: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    by_coin: dict[str, list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    by_month = dict.fromkeys(_months(start, end), _ZERO)
    for one in found:
        kind = kinds.get((one.time, one.account, one.asset)) or "not stated"
        by_kind[kind.replace("_", " ")] += one.value
        by_coin[one.asset][0] += one.amount
        by_coin[one.asset][1] += one.value
        by_month[f"{one.time:%Y-%m}"] += one.value
    if len(by_kind) > 1 or "not stated" not in by_kind:
        for kind, value in sorted(by_kind.items(), key=lambda pair: -pair[1]):
            sheet.money(kind, value)
    rows = []
    for coin, (amount, value) in sorted(by_coin.items(), key=lambda pair: -pair[1][1]):
        sheet.hidden(f"{coin} received", amount, format_amount(amount))
        sheet.money_cell(f"income in {coin}", value)
        rows.append((coin, format_amount(amount), format_money(value, context.currency)))
    columns = (Column("Coin", "text"), Column("Received", "amount"), Column("Value then", "money"))
    table = TableCard("By coin", columns, tuple(rows), None, _METHOD, context.simulated)
    series = Series("Income", tuple(by_month), tuple(map(float, by_month.values())))
    chart = ChartCard("By month", "bar", (series,), context.currency, _METHOD, context.simulated)
    facts = sheet.card(_METHOD, context.simulated)
    return sheet.result(facts, table, chart) if found else sheet.result(facts)


def _months(start: date, end: date) -> Iterator[str]:
    """The months from one day to another, as 2026-03."""
    for index in range(12 * start.year + start.month - 1, 12 * end.year + end.month):
        yield f"{index // 12:04}-{index % 12 + 1:02}"


INCOME = Analysis(
    Tool(
        "income",
        "Staking rewards, interest, airdrops and other income over a period.",
        (PERIOD,),
        income,
        "your income",
        headline="total",
    ),
    "Portfolio",
    "Income",
    "Rewards, interest and airdrops at what they were worth when they came in.",
    (
        r"\bmy (?:staking |passive )?(?:income|rewards)\b",
        r"\b(?:income|rewards|airdrops)\b.{0,40}\b(?:did|have) i\b",
        r"\b(?:did|have) i\b.{0,40}\b(?:from staking|in rewards|in airdrops|staking rewards)\b",
    ),
)
