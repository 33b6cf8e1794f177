"""Tools about risk: volatility, drawdown, correlation, and what-if."""

from decimal import Decimal

import numpy as np

from engine.analytics import correlation as pairs
from engine.analytics import risk, stress
from engine.analytics.returns import small_sample_warning
from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, NO_PRICE_THEN, Sheet, two_decimals
from engine.assistant.tools.line import line_of, period_of
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money, format_percent
from engine.core.words import capitalised

VOLATILITY_METHOD = "Standard deviation (ddof 1) of daily returns × √365."
DRAWDOWN_METHOD = "Largest fall of the daily close from its highest close so far."
CORRELATION_METHOD = "Pearson correlation of daily returns on days both have prices."
STRESS_METHOD = "Holdings at the last close; only the named price changes, the others stay."
_ROLLING = 30


def volatility(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Annualised volatility of the portfolio or one asset."""
    name, days, _, kept, returns, unpriced = line_of(context, arguments)
    value = risk.volatility(returns)
    sheet = Sheet(f"Volatility of {name}", context.currency)
    sheet.span(days[0], days[-1])
    sheet.percent("annualised volatility", value)
    sheet.percent("typical daily move", float(np.std(returns, ddof=1)))
    sheet.number("days", len(returns), str(len(returns)))
    _warn(sheet, small_sample_warning(len(returns)))
    sheet.left_out(unpriced, NO_PRICE_THEN)
    if len(returns) < 2 * _ROLLING:
        return sheet.result(sheet.card(VOLATILITY_METHOD, context.simulated))
    ends = range(_ROLLING, len(returns) + 1)
    rolling = [risk.volatility(returns[end - _ROLLING : end]) * 100 for end in ends]
    series = Series(name, tuple(str(kept[end - 1]) for end in ends), tuple(rolling))
    chart = ChartCard(f"Volatility, rolling {_ROLLING} days", "line", (series,), "%",
                      VOLATILITY_METHOD, context.simulated)  # fmt: skip
    return sheet.result(sheet.card(VOLATILITY_METHOD, context.simulated), chart)


def max_drawdown(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The deepest fall from a peak of the portfolio or one asset."""
    name, days, closes, _, _, unpriced = line_of(context, arguments)
    fall = risk.max_drawdown(days, closes)
    sheet = Sheet(f"Maximum drawdown of {name}", context.currency)
    sheet.span(days[0], days[-1])
    sheet.percent("maximum drawdown", -fall.depth)
    if fall.depth > 0:
        sheet.day("peak", fall.peak)
        sheet.day("trough", fall.trough)
        if fall.recovered:
            sheet.day("recovered", fall.recovered)
        else:
            sheet.fact("recovered", "not yet")
    sheet.left_out(unpriced, NO_PRICE_THEN)
    below = (closes / np.maximum.accumulate(closes) - 1) * 100
    series = Series(name, tuple(map(str, days)), tuple(float(v) for v in below))
    chart = ChartCard("Below the highest close", "line", (series,), "%", DRAWDOWN_METHOD,
                      context.simulated)  # fmt: skip
    return sheet.result(sheet.card(DRAWDOWN_METHOD, context.simulated), chart)


def correlation(context: ToolContext, arguments: Arguments) -> ToolResult:
    """How closely the daily returns of two assets move together."""
    a, b = str(arguments["asset_a"]), str(arguments["asset_b"])
    period = period_of(arguments)
    days_a, closes_a = context.closes(a, period)
    days_b, closes_b = context.closes(b, period)
    found = pairs.correlation(days_a, closes_a, days_b, closes_b)
    sheet = Sheet(f"Correlation of {a} and {b}", context.currency)
    sheet.span(found.first, found.last)
    sheet.number("correlation", round(found.value, 6), two_decimals(found.value))
    sheet.fact("strength", _strength(found.value))
    sheet.number("days", found.n, str(found.n))
    _warn(sheet, found.warning)
    lines = tuple(
        Series(name, tuple(map(str, days)), tuple(float(c / closes[0]) * 100 for c in closes))
        for name, days, closes in ((a, days_a, closes_a), (b, days_b, closes_b))
    )
    chart = ChartCard(
        "Prices, start = 100", "line", lines, "", CORRELATION_METHOD, context.simulated
    )
    return sheet.result(sheet.card(CORRELATION_METHOD, context.simulated), chart)


def what_if(context: ToolContext, arguments: Arguments) -> ToolResult:
    """What the portfolio would be worth after a price change."""
    asset, change = str(arguments["asset"]), arguments["change_percent"]
    assert isinstance(change, Decimal)  # checked against the schema before the call
    held = context.valuation()
    short = Decimal(0) if asset == stress.ALL else context.amount(asset)
    if short < 0:
        raise KnownError(
            f"The records hold {format_amount(short)} {asset}: earlier purchases are missing.",
            "Import the transactions they were bought with.",
        )
    outcome = stress.what_if({row.asset: row.value for row in held.rows}, asset, change / 100)
    name = "everything" if asset == stress.ALL else asset
    sheet = Sheet(f"What if {name} changes", context.currency)
    sheet.percent("price change", change / 100, sign=True)
    sheet.money("value now", outcome.before)
    sheet.money("value after", outcome.after)
    sheet.money("change", outcome.change, sign=True)
    sheet.percent("portfolio change", outcome.relative, sign=True)
    sheet.left_out(outcome.unpriced, NO_PRICE)
    columns = (Column("Asset", "text"), Column("Now", "money"), Column("After", "money"),
               Column("Change", "money"))  # fmt: skip
    rows = tuple(
        (
            row.asset,
            sheet.money_cell(f"value now of {row.asset}", row.before),
            sheet.money_cell(f"value after of {row.asset}", row.after),
            sheet.money_cell(f"change of {row.asset}", row.after - row.before),
        )
        for row in sorted(outcome.rows, key=lambda row: -row.before)
    )
    title = f"{capitalised(name)} {format_percent(change / 100, sign=True)}"
    total = (
        "Total",
        *(
            format_money(v, context.currency)
            for v in (outcome.before, outcome.after, outcome.change)
        ),
    )
    table = TableCard(title, columns, rows, total, STRESS_METHOD, context.simulated)
    return sheet.result(sheet.card(STRESS_METHOD, context.simulated), table)


def _warn(sheet: Sheet, warning: str) -> None:
    if warning:
        sheet.fact("note", warning)


def _strength(value: float) -> str:
    if abs(value) < 0.2:
        return "hardly any"
    size = "weak" if abs(value) < 0.4 else "moderate" if abs(value) < 0.7 else "strong"
    return f"{size} {'positive' if value > 0 else 'negative'}"
