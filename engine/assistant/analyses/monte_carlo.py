"""Where the value of what is held may be in some time, by simulating daily returns."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple, cast

import numpy as np

from engine.analytics.allocation.sample import Sample, common_sample
from engine.analytics.montecarlo import Method, Projection, simulate
from engine.assistant.analyses.base import Analysis, Read, number_of, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSET, CONFIDENCE, PERIOD
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet
from engine.assistant.tools.line import data_hash
from engine.core.errors import KnownError
from engine.core.records import FIAT

_DAYS = Param(
    "days", "number", False, "days ahead", label="Days ahead", default=Decimal(365),
    least=Decimal(1), most=Decimal(3650),
)  # fmt: skip
_METHOD = Param(
    "method", "enum", False, "bootstrap draws blocks of past days; the others draw from a curve",
    ("bootstrap", "normal", "student_t"), label="Method", default="bootstrap",
)  # fmt: skip
_PATHS = Param(
    "paths", "number", False, "how many courses are simulated", label="Paths",
    default=Decimal(10_000), least=Decimal(1_000), most=Decimal(100_000),
)  # fmt: skip
_SEED = Param(
    "seed", "number", False, "the same seed gives the same figures", label="Seed",
    default=Decimal(0), least=Decimal(0), most=Decimal(999_999),
)  # fmt: skip
_SAMPLE = replace(PERIOD, default="3y", label="Returns of")
_METHODS = {
    "bootstrap": "Stationary bootstrap (Politis & Romano 1994) of the days, all coins together",
    "normal": "Normal returns with the means and covariance of the sample",
    "student_t": "Student-t returns (5 degrees of freedom) with the sample's means and covariance",
}


class _Held(NamedTuple):
    """What is simulated, what keeps its value, and what has no price."""

    values: dict[str, float]
    cash: float
    left_out: tuple[str, ...]


def monte_carlo(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Percentiles of the value, the chance of a loss, and value at risk at the horizon."""
    asset = str(arguments["asset"]) if "asset" in arguments else None
    held = _one(context, asset) if asset else _portfolio(context)
    held, sample = _sampled(context, held, text_of(arguments, _SAMPLE))
    found = simulate(
        sample,
        [held.values[name] for name in sample.assets],
        cash=held.cash,
        days=int(number_of(arguments, _DAYS)),
        paths=int(number_of(arguments, _PATHS)),
        method=cast(Method, text_of(arguments, _METHOD)),
        confidence=float(number_of(arguments, CONFIDENCE) / 100),
        seed=int(number_of(arguments, _SEED)),
    )
    sheet = Sheet(f"Monte Carlo of {asset or 'the portfolio'}", context.currency)
    end = context.today + timedelta(found.days)
    sheet.day("horizon", end)
    _figures(sheet, found)
    sheet.span(sample.first, sample.last)
    sheet.number("daily returns", found.n, f"{found.n:,}")
    for warning in found.warnings:
        sheet.note(warning)
    sheet.left_out(held.left_out, NO_PRICE)
    sheet.note("Holdings are kept as they are; what the sample has not seen cannot happen in it.")
    blocks = f" in blocks of {found.block} days on average" if found.block else ""
    how = (
        f"{_METHODS[found.method]}{blocks}; {found.paths:,} paths, seed {found.seed}; quantiles "
        "interpolated linearly (Hyndman & Fan 1996, type 7), VaR and CVaR are losses against "
        f"today; simple daily returns, n = {found.n}; "
        f"data {data_hash(sample.returns)}."
    )
    days = [context.today + timedelta(number) for number in range(found.days + 1)]
    lines = [
        by_day(f"{level * 100:g} %", days, band)
        for level, band in zip(found.levels, found.bands, strict=True)
    ]
    title = "So much of the paths end below"
    chart = line_chart(title, lines[::-1], context.currency, how, context.simulated)
    return sheet.result(sheet.card(how, context.simulated), chart)


def _figures(sheet: Sheet, found: Projection) -> None:
    sheet.money("value now", _money(found.start))
    for level, band in zip(found.levels, found.bands, strict=True):
        name = "median" if level == 0.5 else f"{level * 100:g} % of the paths end below"
        sheet.money(name, _money(float(band[-1])))
    sheet.money("mean", _money(found.mean))
    sheet.percent("chance of a loss", found.loss_probability)
    share = f"{found.confidence * 100:g} %"
    sheet.money(f"VaR {share}", _money(found.value_at_risk))
    sheet.money(f"CVaR {share}", _money(found.cvar))
    sheet.number("days ahead", found.days, f"{found.days:,}")
    sheet.number("paths", found.paths, f"{found.paths:,}")
    sheet.number("seed", found.seed, str(found.seed))


def _portfolio(context: ToolContext) -> _Held:
    rows = context.valuation().rows
    cash = sum(float(row.value) for row in rows if row.value and row.asset in FIAT)
    values = {row.asset: float(row.value) for row in rows if row.value and row.asset not in FIAT}
    return _Held(values, cash, tuple(row.asset for row in rows if row.value is None))


def _one(context: ToolContext, asset: str) -> _Held:
    """What is held of a coin, or one coin of it."""
    price = context.last_price(asset)
    if price is None:
        raise KnownError(f"There is no fresh price of {asset}.", "Import its prices first.")
    amount = context.amount(asset) if context.transactions else Decimal(0)
    return _Held({asset: float((amount if amount > 0 else 1) * price)}, 0.0, ())


def _sampled(context: ToolContext, held: _Held, period: str) -> tuple[_Held, Sample]:
    """The returns of what moved; what stood still all the time is as good as cash."""
    closes = {asset: context.closes(asset, period) for asset in held.values}
    still = [asset for asset, (_, values) in closes.items() if len(values) and np.ptp(values) == 0]
    moved = {asset: value for asset, value in held.values.items() if asset not in still}
    if not moved:
        raise KnownError("Nothing that is held moves in price.", "Import transactions and prices.")
    cash = held.cash + sum(held.values[asset] for asset in still)
    sample = common_sample({asset: closes[asset] for asset in moved})
    return _Held(moved, cash, held.left_out), sample


def _money(value: float) -> Decimal:
    return Decimal(str(round(value, 4)))


def _reads(found: Recognised) -> Read:
    """The time that a question names lies ahead, and is not that of the sample."""
    years = found.of("years")
    if not years:
        return {"period": None}
    days = round(Decimal(years[0].value) * 365)
    return {"period": None, "days": Decimal(min(max(days, 1), 3650))}


_WHAT = r"(?:my|portfolio|holdings|paths?|btc|bitcoin|eth\w*|days|years?|months?)"
_A_CHANGE = r"(?=.*\d\s*(?:%|percent))(?!.*(?:confiden|\bvar\b))"
""" "Simulate -20 % on BTC" asks for what happens then."""
_LOSS = r"(?:los(?:s|e|ing)|below|down)"
_AHEAD = r"(?:in|after|within|over)\b.{0,20}\b(?:days?|months?|years?)"
MONTE_CARLO = Analysis(
    Tool(
        "monte_carlo",
        "Simulates where the value may be in some days: percentiles, chance of a loss, VaR, CVaR.",
        (ASSET, _DAYS, _METHOD, _PATHS, CONFIDENCE, _SEED, _SAMPLE),
        monte_carlo,
        "a simulation of {asset}",
        advice=True,
        headline="median",
    ),
    "Scenarios",
    "Monte Carlo",
    "A fan of possible courses from past returns, and the chance to end with a loss.",
    (
        r"\bmonte[- ]?carlo\b",
        rf"^(?!{_A_CHANGE}).*\bsimulat(?:e|ion|ions|ing)\b.{{0,40}}\b{_WHAT}\b",
        r"\bfan chart\b",
        rf"\b(?:chance|probability|odds|likelihood)\b.{{0,30}}\b{_LOSS}\b.{{0,40}}\b{_AHEAD}\b",
    ),
    reads=_reads,
)
