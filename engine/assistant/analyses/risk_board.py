"""All measures of return and risk of one line side by side."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from engine.analytics import bootstrap, drawdowns, ratios, risk, rolling, tail
from engine.analytics.samples import Figure
from engine.assistant.analyses.base import Analysis, Measures, Read, number_of, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSET, CONFIDENCE, PERIOD, RISK_FREE
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE_THEN, Sheet, two_decimals
from engine.assistant.tools.line import Line, conventions, line_of
from engine.core.cards import ChartCard
from engine.ledger.pricing import Floats

WINDOW = 30
_LEAST_CONFIDENCE = Decimal(80)
_MOST_RATE = Decimal(20)
_RATE_MEANT = re.compile(r"\b(?:risk[- ]?free|sharpe|sortino)\b", re.I)
_RATE_SAID = re.compile(
    r"\brisk[- ]?free(?: rate)?(?: (?:of|is|at|as))?\s*[:=]?\s*(-?\d{1,2}(?:\.\d{1,4})?)(?![\d.])",
    re.I,
)
_METHOD = (
    "Sharpe (1994), Sortino & van der Meer (1991), Calmar (Young 1991); VaR by percentile, CVaR by "
    "Rockafellar & Uryasev (2002), Cornish-Fisher (1937); the interval by stationary bootstrap "
    "(Politis & Romano 1994). "
)


def risk_board(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Volatility, ratios, value at risk and drawdowns of the portfolio or one asset."""
    line = line_of(context, {**arguments, "period": text_of(arguments, PERIOD)})
    risk_free = float(number_of(arguments, RISK_FREE) / 100)
    confidence = float(number_of(arguments, CONFIDENCE) / 100)
    sheet = Sheet(f"Risk of {line.name}", context.currency)
    sheet.span(*line.span)
    sheet.percent("annualised volatility", risk.volatility(line.returns))
    measures = Measures(sheet, len(line.returns))
    _interval(sheet, measures, line.returns)
    _ratios(sheet, measures, line.returns, risk_free)
    _tails(sheet, measures, line.returns, confidence)
    _falls(sheet, line)
    measures.notes()
    sheet.number("daily returns", len(line.returns), str(len(line.returns)))
    sheet.left_out(line.unpriced, NO_PRICE_THEN)
    method = _METHOD + conventions(line, risk_free)
    return sheet.result(sheet.card(method, context.simulated), *_charts(context, line))


def _interval(sheet: Sheet, measures: Measures, returns: Floats) -> None:
    rows = bootstrap.volatility_rows
    interval = partial(bootstrap.interval, returns, rows, samples=1000)
    found = measures.take("volatility interval", interval)
    if found is not None:
        sheet.percent("volatility at least (95 % interval)", found.low)
        sheet.percent("volatility at most (95 % interval)", found.high)


def _ratios(sheet: Sheet, measures: Measures, returns: Floats, risk_free: float) -> None:
    wanted: tuple[tuple[str, Callable[[], Figure]], ...] = (
        ("Sharpe ratio", partial(ratios.sharpe, returns, risk_free)),
        ("Sortino ratio", partial(ratios.sortino, returns, risk_free)),
        ("Calmar ratio", partial(ratios.calmar, returns)),
    )
    for name, measure in wanted:
        figure = measures.take(name, measure)
        if figure is not None:
            sheet.number(name, round(figure.value, 6), two_decimals(figure.value))
    chance = measures.take(
        "probabilistic Sharpe ratio", partial(ratios.probabilistic_sharpe, returns, 0.0, risk_free)
    )
    if chance is not None:
        sheet.percent("chance that the Sharpe ratio is above 0", chance.value)


def _tails(sheet: Sheet, measures: Measures, returns: Floats, confidence: float) -> None:
    share = f"{confidence:.0%}".replace("%", " %")
    wanted = (
        ("historical", tail.historical),
        ("parametric", tail.parametric),
        ("Cornish-Fisher", tail.cornish_fisher),
    )
    for name, measure in wanted:
        found = measures.take(f"{name} VaR", partial(measure, returns, confidence))
        if found is not None:
            sheet.percent(f"1-day VaR {share}, {name}", found.var)
            if name == "historical":
                sheet.percent(f"1-day CVaR {share}", found.cvar)


def _falls(sheet: Sheet, line: Line) -> None:
    falls = drawdowns.drawdowns(line.days, line.closes)
    sheet.percent("maximum drawdown", -falls.deepest)
    sheet.percent("drawdown now", -falls.current)
    sheet.number("longest time under water", falls.longest, f"{falls.longest:,} days")
    sheet.percent("ulcer index", falls.ulcer_index)


def _charts(context: ToolContext, line: Line) -> list[ChartCard]:
    how, simulated = conventions(line), context.simulated
    below = by_day(line.name, line.days, drawdowns.depths(line.closes) * -100)
    title = f"{line.name}: below the highest close"
    charts = [line_chart(title, [below], "%", how, simulated)]
    if len(line.returns) >= 2 * WINDOW:
        rolled = rolling.rolling_volatility(line.returns, WINDOW) * 100
        series = by_day(line.name, line.seen[-len(rolled) :], rolled)
        title = f"{line.name}: volatility, rolling {WINDOW} days"
        charts.append(line_chart(title, [series], "%", how, simulated))
    return charts


def _reads(found: Recognised) -> Read:
    """A high percentage is the confidence of value at risk, as no rate is so high; a low one is the
    risk-free rate: "Sharpe ratio with 4 % risk free"."""
    said = found.of("percent")
    high = next((one for one in said if Decimal(one.value) >= _LEAST_CONFIDENCE), None)
    rate = None
    if _RATE_MEANT.search(found.text):
        rates = (one for one in said if abs(Decimal(one.value)) <= _MOST_RATE)
        low = next((one for one in rates if not one.signed or "free" in found.text.lower()), None)
        bare = _RATE_SAID.search(found.text)
        rate = Decimal(low.value) if low else Decimal(bare[1]) if bare else None
    return {CONFIDENCE.name: Decimal(high.value) if high else None, RISK_FREE.name: rate}


RISK_BOARD = Analysis(
    Tool(
        "risk_board",
        "All measures of risk of the portfolio or one coin: volatility, Sharpe, VaR, drawdown.",
        (ASSET, PERIOD, RISK_FREE, CONFIDENCE),
        risk_board,
        "the risk of {asset}",
        advice=True,
        headline="annualised volatility",
    ),
    "Risk",
    "Risk board",
    "How much it moved, what it paid for that, and what a bad day costs.",
    (
        r"\b(?:sharpe|sortino|calmar|cornish[- ]fisher|ulcer index)\b",
        r"\bc?var\b(?! (?!of|at|for|over|in|on|with|this|last)\w)",
        r"\b(?:value at risk|expected shortfall|risk (?:board|report|measures|metrics|figures))\b",
    ),
    reads=_reads,
)
