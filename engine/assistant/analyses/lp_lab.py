"""The liquidity lab: impermanent loss of v2, weighted and v3 pools, with fees and break-even."""

import re
from decimal import Decimal

from engine.analytics.defi.concentrated import PriceRange, range_outcome
from engine.analytics.defi.profit import LpProfit, PoolIncome, lp_profit
from engine.analytics.defi.weighted import weighted_loss
from engine.analytics.impermanent_loss import impermanent_loss
from engine.assistant.analyses.base import Analysis, Read, number_of, text_of
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError

FULL, WEIGHTED, RANGE = "v2 50/50", "weighted", "v3 range"


def _percent(
    name: str, label: str, default: int, least: int, most: int, help: str, pool: str = ""
) -> Param:
    """pool: the only kind for which it matters."""
    return Param(
        name, "percent", False, help, label=label, default=Decimal(default), least=Decimal(least),
        most=Decimal(most), when=("pool", pool) if pool else (),
    )  # fmt: skip


_POOL = Param(
    "pool", "enum", False, "kind of pool", (FULL, WEIGHTED, RANGE), label="Pool", default=FULL
)
_CHANGE = _percent(
    "price_change_percent", "Price change, %", 50, -95, 400,
    "price change of the first coin against the second",
)  # fmt: skip
_WEIGHT = _percent(
    "weight_percent", "Weight of the first coin, %", 80, 5, 95,
    "weight of the first coin in a weighted pool", WEIGHTED,
)  # fmt: skip
_BELOW = _percent(
    "below_percent", "Range below the price, %", 30, 1, 99, "how far the range reaches below", RANGE
)
_ABOVE = _percent(
    "above_percent", "Range above the price, %", 40, 1, 900, "how far the range reaches above",
    RANGE,
)  # fmt: skip
_FEES = _percent(
    "fee_apr_percent", "Fees of the whole pool, % a year", 15, 0, 300,
    "fees and rewards a year of a position over all prices",
)  # fmt: skip
_DAYS = Param(
    "days", "number", False, "days the position is open", label="Days",
    default=Decimal(90), least=Decimal(1), most=Decimal(1825),
)  # fmt: skip
_DEPOSIT = Param(
    "deposit", "amount", False, "value of the deposit", label="Deposit",
    default=Decimal(10_000), least=Decimal(1), most=Decimal(10_000_000),
)  # fmt: skip
_GAS = Param(
    "gas", "amount", False, "cost of all transactions", label="Gas in all",
    default=Decimal(40), least=Decimal(0), most=Decimal(10_000),
)  # fmt: skip
_FEES_SAID = re.compile(r"(\d+(?:\.\d+)?) ?(?:%|percent) (?:\w+ )?(?:fees?|apr|apy)\b", re.I)
_STEPS = tuple(range(-90, 301, 10))
_METHOD = (
    "v2: 2√r/(1+r) − 1; weighted (Balancer): r^w/(w·r + 1 − w) − 1; v3: Uniswap v3 Core (2021) "
    "§6.2. Fees run evenly; those of a range are multiplied by its concentration and count only if "
    "it holds the price at the end. Compared with holding the two coins."
)


def lp_lab(context: ToolContext, arguments: Arguments) -> ToolResult:
    """What a pool does against holding for one price change, and for all others in a chart."""
    change = number_of(arguments, _CHANGE) / 100
    deposit, gas = number_of(arguments, _DEPOSIT), number_of(arguments, _GAS)
    days = number_of(arguments, _DAYS)
    pool = text_of(arguments, _POOL)
    pooled, held, boost = _outcome(arguments, change, deposit)
    fees = deposit * number_of(arguments, _FEES) / 100 * days / 365 * boost
    account = lp_profit(deposit, held, pooled, PoolIncome(fees, Decimal(0), gas, days))
    sheet = Sheet(f"Liquidity pool, {pool}", context.currency)
    sheet.percent("price change", change, sign=True)
    sheet.percent("impermanent loss", pooled / held - 1 if held else Decimal(0))
    sheet.money("if held", held)
    sheet.money("in the pool", pooled)
    _account(sheet, account)
    if pool == RANGE:
        sheet.fact("at the end", "in range" if boost else "out of range: it earns nothing")
    return sheet.result(sheet.card(_METHOD, False), _chart(arguments, change))


def _outcome(
    arguments: Arguments, change: Decimal, deposit: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """What the pool is worth, what holding is worth, and how many times the pool's fees it earns
    at the end."""
    pool = text_of(arguments, _POOL)
    if change <= -1:
        raise KnownError("A price cannot fall by 100 % or more.", "Give another change.")
    if pool == RANGE:
        ends = PriceRange(
            1 - number_of(arguments, _BELOW) / 100, 1 + number_of(arguments, _ABOVE) / 100
        )
        found = range_outcome(Decimal(1), 1 + change, ends, deposit)
        return found.pooled, found.held, found.concentration if found.in_range else Decimal(0)
    if pool == WEIGHTED:
        share = number_of(arguments, _WEIGHT) / 100
        other = weighted_loss((change, Decimal(0)), (share, 1 - share), deposit)
    else:
        other = impermanent_loss(change, deposit)
    assert other.pooled is not None  # there is a deposit
    assert other.held is not None
    return other.pooled, other.held, Decimal(1)


def _account(sheet: Sheet, account: LpProfit) -> None:
    sheet.money("fees", account.income)
    sheet.money("gas", account.gas)
    sheet.money("against holding", account.against_holding, sign=True)
    sheet.money("profit", account.profit, sign=True)
    if account.break_even_days is None:
        sheet.fact("break-even", "never: it earns nothing")
    else:
        days = round(account.break_even_days, 1)
        sheet.number("break-even", days, f"{days:f} days")
    sheet.percent("fees a year that break even", account.break_even_apr)


def _chart(arguments: Arguments, change: Decimal) -> ChartCard:
    places = sorted({*_STEPS, round(change * 100)})
    losses = []
    for place in places:
        pooled, held, _ = _outcome(arguments, Decimal(place) / 100, Decimal(1))
        losses.append(float(pooled / held - 1) * 100)
    name = text_of(arguments, _POOL)
    series = (
        Series(name, tuple(map(str, places)), tuple(losses)),
        Series(
            f"{change * 100:+.0f} %", (str(round(change * 100)),),
            (losses[places.index(round(change * 100))],),
        ),
    )  # fmt: skip
    return ChartCard(
        "Impermanent loss by price change", "scatter", series, "%", _METHOD, False, x_unit="%"
    )


def _reads(found: Recognised) -> Read:
    """A percentage of fees is told from that of the price by the word after it."""
    said = _FEES_SAID.search(found.text)
    fees = Decimal(said[1]) if said else None
    changes = [m.value for m in found.of("percent") if abs(Decimal(m.value)) != fees]
    change = changes[0] if changes else None
    return {_FEES.name: fees, **({_CHANGE.name: change} if said else {})}


LP_LAB = Analysis(
    Tool(
        "lp_lab",
        "Impermanent loss, fees and break-even of a v2, weighted or v3 range pool.",
        (_POOL, _CHANGE, _DEPOSIT, _FEES, _DAYS, _GAS, _WEIGHT, _BELOW, _ABOVE),
        lp_lab,
        "a liquidity position at {price_change_percent} %",
        advice=True,
    ),
    "DeFi",
    "Liquidity lab",
    "What providing liquidity brings against holding: impermanent loss, fees, gas, break-even.",
    (
        r"\b(?:lp|liquidity) (?:profit|lab|break[- ]?even|position profit)\b",
        (
            r"\b(?:balancer|weighted|80/20|uniswap v3|v3|concentrated)\b.{0,40}"
            r"\b(?:pool|liquidity|position|range|loss)\b"
        ),
        r"\b(?:provide|providing|supply|add)\b.{0,20}\bliquidity\b.{0,60}\bfees?\b",
        r"\bbreak[- ]?even\b.{0,40}\b(?:pool|lp|liquidity)\b",
    ),
    reads=_reads,
)
