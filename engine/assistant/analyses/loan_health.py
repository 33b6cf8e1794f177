"""Health factor and liquidation price of a loan against one collateral."""

import re
from decimal import Decimal

from engine.analytics.defi.lending import Collateral, Debt, health, liquidation_price
from engine.assistant.analyses.base import (
    Analysis,
    Follows,
    Read,
    amounts_said,
    first_coins,
    number_of,
)
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet, two_decimals
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError

_COIN = Param("asset", "asset", True, "the coin deposited as collateral", label="Collateral")
_AMOUNT = Param(
    "amount", "amount", True, "how many coins you have deposited", label="Coins deposited",
    least=Decimal(0),
)  # fmt: skip
_DEBT = Param(
    "debt", "amount", True, "what you owe, in the reporting currency", label="Debt",
    least=Decimal(0),
)  # fmt: skip
_THRESHOLD = Param(
    "threshold_percent", "percent", False, "liquidation threshold of the collateral in percent",
    label="Liquidation threshold, %", default=Decimal("82.5"), least=Decimal(1),
    most=Decimal(100),
)  # fmt: skip
_METHOD = (
    "Health factor = collateral × threshold ÷ debt (Aave v3, 2022); below 1 anyone may liquidate."
)

_NUMBER_BEFORE = re.compile(r"(?<![\d.,])(\d{1,9}(?:,\d{3})*(?:\.\d+)?)\s*$")
_PERCENT = re.compile(r"%|per ?cent|pct")


def loan_health(context: ToolContext, arguments: Arguments) -> ToolResult:
    """How far a loan is from liquidation, now and at other prices."""
    asset = str(arguments["asset"])
    price = context.last_price(asset)
    if price is None:
        raise KnownError(f"There is no fresh price of {asset}.", "Import its prices first.")
    amount, debt = number_of(arguments, _AMOUNT), number_of(arguments, _DEBT)
    deposit = [Collateral(asset, amount, price, number_of(arguments, _THRESHOLD) / 100)]
    debts = [Debt(context.currency, debt, Decimal(1))]
    found = health(deposit, debts)
    sheet = Sheet(f"Loan against {asset}", context.currency)
    sheet.money("price", price)
    sheet.money("collateral", found.collateral)
    sheet.money("debt", found.debt)
    if found.factor is not None and found.ltv is not None and found.buffer is not None:
        factor = round(found.factor, 4)
        sheet.number("health factor", factor, two_decimals(factor))
        sheet.percent("loan to value", found.ltv)
        sheet.percent("fall until liquidation", found.buffer)
    end = liquidation_price(deposit, debts, asset)
    if end is not None:
        sheet.money("liquidation price", end.price)
    if found.factor is None:
        sheet.note("Without a debt there is no health factor, and nothing to liquidate.")
        return sheet.result(sheet.card(_METHOD, context.simulated))
    drops = tuple(range(0, 96, 5))
    series = Series(
        "Health factor", tuple(f"-{drop} %" for drop in drops),
        tuple(float(found.factor * (100 - drop) / 100) for drop in drops),
    )  # fmt: skip
    chart = ChartCard(f"Health factor if {asset} falls", "line", (series,), "", _METHOD,
                      context.simulated)  # fmt: skip
    return sheet.result(sheet.card(_METHOD, context.simulated), chart)


def _defaults(context: ToolContext) -> Arguments:
    """The largest holding as the collateral, all of it."""
    coin = next(iter(first_coins(context)), None)
    if coin is None:
        return {}
    held = context.amount(coin) if context.transactions else Decimal(0)
    return {_COIN.name: coin} | ({_AMOUNT.name: held} if held > 0 else {})


def _follows(context: ToolContext) -> Follows:
    """All that is held of the collateral chosen."""
    rows = context.valuation().rows if context.transactions else ()
    return {_AMOUNT.name: (_COIN.name, {row.asset: row.amount for row in rows})}


def _reads(found: Recognised) -> Read:
    """The number before the coin is what is deposited, the next one the debt."""
    coins = found.of("asset")
    before = _NUMBER_BEFORE.search(found.text[: coins[0].start]) if coins else None
    rest = [one for one in amounts_said(found) if not before or one.start != before.start(1)]
    percents = [
        one for one in found.of("percent")
        if _PERCENT.search(found.text[one.start : one.end + 1])
    ]  # fmt: skip
    return {
        _AMOUNT.name: Decimal(before[1].replace(",", "")) if before else None,
        _DEBT.name: Decimal(rest[0].value) if rest else None,
        _THRESHOLD.name: Decimal(percents[0].value) if percents else None,
    }


LOAN_HEALTH = Analysis(
    Tool(
        "loan_health",
        "Health factor and liquidation price of a loan against a coin.",
        (_COIN, _AMOUNT, _DEBT, _THRESHOLD),
        loan_health,
        "a loan against {asset}",
        advice=True,
    ),
    "DeFi",
    "Loan health",
    "How far a coin may fall before a loan against it is liquidated.",
    (r"\bhealth factor\b", r"\bliquidat(?:ion|ed)\b"),
    reads=_reads,
    defaults=_defaults,
    follows=_follows,
)
