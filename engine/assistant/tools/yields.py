"""Tools of yield arithmetic: APR to APY, compound growth, impermanent loss."""

from decimal import Decimal
from typing import cast

from engine.analytics import yields
from engine.analytics.impermanent_loss import impermanent_loss as pool_loss
from engine.analytics.yields import Compounding
from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError
from engine.core.money import format_percent, to_text

APY_METHOD = "APY = (1 + APR / n)^n − 1, n compounding periods a year (continuous: e^APR − 1)."
GROWTH_METHOD = "Amount × (1 + rate / n)^(n × years); no fees, taxes or price moves."
IL_METHOD = "v2 pool (50/50, constant product): IL = 2·√r / (1 + r) − 1, r = 1 + price change."


def apr_to_apy(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The effective yearly yield of a nominal rate."""
    rate = _number(arguments, "rate_percent") / 100
    how = cast(Compounding, arguments.get("compounding", "daily"))
    apy = yields.apr_to_apy(rate, how)
    sheet = Sheet("APR to APY", context.currency)
    sheet.percent("APR", rate)
    sheet.fact("compounding", how + ("" if "compounding" in arguments else " (assumed)"))
    sheet.percent("APY", apy)
    rows = [
        (name, value) for name in yields.COMPOUNDINGS if (value := _apy(rate, name)) is not None
    ]
    for name, value in rows:
        sheet.hidden(f"APY {name}", value * 100, format_percent(value))
    series = Series("APY", tuple(n for n, _ in rows), tuple(float(v) * 100 for _, v in rows))
    chart = ChartCard("APY by compounding", "bar", (series,), "%", APY_METHOD, False)
    return sheet.result(sheet.card(APY_METHOD, False), chart)


def _apy(rate: Decimal, how: Compounding) -> Decimal | None:
    """The yield for the chart; None where it is too large to mean anything."""
    try:
        return yields.apr_to_apy(rate, how)
    except KnownError:
        return None


def compound_growth(context: ToolContext, arguments: Arguments) -> ToolResult:
    """What an amount becomes at a rate after some years."""
    amount = _number(arguments, "amount")
    rate = _number(arguments, "rate_percent") / 100
    years = _number(arguments, "years")
    how = cast(Compounding, arguments.get("compounding", "yearly"))
    growth = yields.compound_growth(amount, rate, years, how)
    sheet = Sheet("Compound growth", context.currency)
    sheet.money("start", amount)
    sheet.percent("rate per year", rate)
    sheet.number("years", years, to_text(years))
    sheet.fact("compounding", how + ("" if "compounding" in arguments else " (assumed)"))
    sheet.money("end value", growth.final)
    sheet.money("gain", growth.gain)
    steps = [years * step / 20 for step in range(21)]
    values = [float(yields.compound_growth(amount, rate, step, how).final) for step in steps]
    series = Series("value", tuple(f"{float(s):.2f}" for s in steps), tuple(values))
    chart = ChartCard("Growth by year", "line", (series,), context.currency, GROWTH_METHOD, False)
    return sheet.result(sheet.card(GROWTH_METHOD, False), chart)


def impermanent_loss(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The loss of a 50/50 pool against holding when one price moves."""
    change = _number(arguments, "price_change_percent") / 100
    deposit = _number(arguments, "amount") if "amount" in arguments else None
    outcome = pool_loss(change, deposit)
    sheet = Sheet("Impermanent loss of a v2 pool", context.currency)
    sheet.percent("price change", change, sign=True)
    sheet.percent("impermanent loss", outcome.loss)
    if deposit and outcome.held and outcome.pooled is not None and outcome.difference is not None:
        sheet.money("deposit", deposit)
        sheet.money("value if held", outcome.held)
        sheet.money("value in the pool", outcome.pooled)
        sheet.money("loss against holding", -outcome.difference)
    changes = [Decimal(c) / 100 for c in range(-90, 401, 10)]
    series = Series(
        "IL",
        tuple(format_percent(c, 0, sign=True) for c in changes),
        tuple(float(pool_loss(c).loss) * 100 for c in changes),
    )
    chart = ChartCard("IL by price change", "line", (series,), "%", IL_METHOD, False)
    return sheet.result(sheet.card(IL_METHOD, False), chart)


def _number(arguments: Arguments, name: str) -> Decimal:
    value = arguments[name]
    assert isinstance(value, Decimal)  # checked against the schema before the call
    return value
