"""How a Uniswap v3 range would have done on the stored prices."""

from decimal import Decimal

from engine.analytics.defi.backtest import Plan, back_test
from engine.analytics.defi.concentrated import PriceRange
from engine.assistant.analyses.base import Analysis, number_of, text_of
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.assistant.tools.line import asset_line, conventions, period_of
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError

_COIN = Param("asset", "asset", True, "the coin in the pool, against the currency", label="Coin")
_BELOW = Param(
    "below_percent", "percent", False, "how far the range reaches below the first price",
    label="Range below the price, %", default=Decimal(30), least=Decimal(1), most=Decimal(99),
)  # fmt: skip
_ABOVE = Param(
    "above_percent", "percent", False, "how far the range reaches above the first price",
    label="Range above the price, %", default=Decimal(40), least=Decimal(1), most=Decimal(900),
)  # fmt: skip
_FEES = Param(
    "fee_apr_percent", "percent", False, "fees a year of a position over all prices",
    label="Fees of the whole pool, % a year", default=Decimal(15), least=Decimal(0),
    most=Decimal(300),
)  # fmt: skip
_DEPOSIT = Param(
    "deposit", "amount", False, "value of the deposit", label="Deposit", default=Decimal(10_000),
    least=Decimal(1), most=Decimal(10_000_000),
)  # fmt: skip
_GAS = Param(
    "gas", "amount", False, "cost of each opening, move and closing", label="Gas each time",
    default=Decimal(15), least=Decimal(0), most=Decimal(1_000),
)  # fmt: skip
_MOVE = Param(
    "when_out", "enum", False, "what happens when a close is outside the range",
    ("keep the range", "move the range"), label="When out of range", default="keep the range",
)  # fmt: skip


def range_backtest(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Open at the first close of the period, close at the last."""
    asset = str(arguments["asset"])
    line = asset_line(context, asset, period_of(arguments) or str(PERIOD.default))
    if len(line.closes) < 2:
        raise KnownError(
            f"There are too few prices of {asset} in this period.", "Choose a longer one."
        )
    first = Decimal(repr(float(line.closes[0])))
    ends = PriceRange(
        first * (1 - number_of(arguments, _BELOW) / 100),
        first * (1 + number_of(arguments, _ABOVE) / 100),
    )
    deposit = number_of(arguments, _DEPOSIT)
    plan = Plan(
        float(deposit),
        float(number_of(arguments, _FEES) / 100),
        float(number_of(arguments, _GAS)),
        text_of(arguments, _MOVE) == _MOVE.choices[1],
    )
    found = back_test(line.days, line.closes, ends, plan)
    sheet = Sheet(f"{asset} range back-test", context.currency)
    sheet.span(*line.span)
    sheet.money("range from", ends.low)
    sheet.money("range to", ends.high)
    for label, value in (
        ("deposit", plan.deposit), ("at the end", found.final), ("if held", found.held),
        ("fees earned", found.fees), ("gas", found.gas),
    ):  # fmt: skip
        sheet.money(label, Decimal(str(round(value, 2))))
    sheet.percent("against holding", found.against_holding, sign=True)
    sheet.percent("time in range", found.in_range)
    if plan.recentre:
        sheet.number("moves of the range", found.moves, str(found.moves))
    how = (
        "Fees while the price is in the range, in proportion to its concentration; the price moves "
        "evenly, in logarithms, between closes. " + conventions(line)
    )
    days = tuple(map(str, line.days))
    lines = (
        Series("In the pool", days, tuple(map(float, found.values))),
        Series("Held", days, tuple(map(float, found.holding))),
    )
    chart = ChartCard("In the pool against holding", "line", lines, context.currency, how,
                      context.simulated)  # fmt: skip
    return sheet.result(sheet.card(how, context.simulated), chart)


RANGE_BACKTEST = Analysis(
    Tool(
        "range_backtest",
        "How a Uniswap v3 price range of a coin would have done on past prices.",
        (_COIN, _BELOW, _ABOVE, _FEES, _DEPOSIT, _GAS, _MOVE, PERIOD),
        range_backtest,
        "how a price range of {asset} would have done",
        advice=True,
        headline="against holding",
    ),
    "DeFi",
    "Range back-test",
    "A v3 range on your own prices: time in range, fees, and the result against holding.",
    (
        r"\bback[- ]?test\w*\b.{0,60}\b(?:range|v3|pool|lp|liquidity)\b",
        r"\b(?:range|v3|pool|lp|liquidity)\b.{0,60}\bback[- ]?test\w*\b",
    ),
)
