"""How to divide money among coins, by a method or by an investor's profile, with the frontier."""

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.analytics.allocation.allocate import Allocation, Comparison, Method, allocate
from engine.analytics.allocation.bounds import Bounds, limits
from engine.analytics.allocation.covariance import ledoit_wolf
from engine.analytics.allocation.frontier import efficient_frontier
from engine.analytics.allocation.profile import Objective, Profile, Risk, fit, profile_from_body
from engine.analytics.allocation.sample import Sample, common_sample
from engine.analytics.returns import Floats
from engine.analytics.risk import DAYS_PER_YEAR
from engine.assistant.analyses.base import Analysis, held_coins, number_of, symbols_of, text_of
from engine.assistant.analyses.parameters import ASSETS, PERIOD, RISK_FREE
from engine.assistant.analyses.saved import PROFILE
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet, two_decimals
from engine.assistant.tools.line import data_hash, period_of
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.records import FIAT
from engine.core.words import capitalised

BY_PROFILE = "by profile"
_METHOD = Param(
    "method", "enum", False, "how the weights are found; by profile chooses one",
    (BY_PROFILE, *Method), label="Method", default=BY_PROFILE,
)  # fmt: skip
_RISK = Param(
    "risk", "enum", False, "how much loss the investor bears", ("low", "medium", "high"),
    label="Risk you bear", default="medium", when=("method", BY_PROFILE),
)  # fmt: skip
_YEARS = Param(
    "horizon", "years", False, "years until the money is needed", label="Years until needed",
    default=Decimal(5), least=Decimal(0), most=Decimal(40), when=("method", BY_PROFILE),
)  # fmt: skip
_OBJECTIVE = Param(
    "objective", "enum", False, "what the money is for", tuple(Objective), label="Objective",
    default=Objective.BALANCE, when=("method", BY_PROFILE),
)  # fmt: skip
_CAP = Param(
    "cap_percent", "percent", False, "largest weight of one coin in percent",
    label="Largest weight, %", default=Decimal(40), least=Decimal(5), most=Decimal(100),
)  # fmt: skip
_POINTS = 15
_NOTE = (
    "What would have been best in the past need not be in the future; equal weight and HRP stand "
    "beside it because they forecast nothing."
)


def optimise(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Weights by one method beside equal weight, HRP and what is held, and the frontier."""
    arguments = {**_defaults(context), **arguments}
    assets = symbols_of(arguments) or held_coins(context)
    if len(assets) < 2:
        raise KnownError("Dividing money takes at least two coins.", "Name them, such as BTC, ETH.")
    period = period_of(arguments) or str(PERIOD.default)
    closes = {asset: context.closes(asset, period) for asset in assets}
    still = [asset for asset, (_, values) in closes.items() if _still(asset, values)]
    moving = {asset: found for asset, found in closes.items() if asset not in still}
    if len(moving) < 2:
        raise KnownError(
            f"Of {', '.join(assets)}, fewer than two moved in price in this period.",
            "Name other coins, or choose another period.",
        )
    sample = common_sample(moving)
    sheet = Sheet("Allocation", context.currency)
    sheet.left_out(still, "money, or a price that did not move")
    sheet.span(sample.first, sample.last)
    method, bounds, sample = _plan(sheet, context, arguments, sample)
    risk_free = float(number_of(arguments, RISK_FREE) / 100)
    found = allocate(sample, method, bounds, risk_free=risk_free)
    sheet.fact("method", str(method))
    sheet.number("daily returns", found.n, str(found.n))
    _figures(sheet, found)
    for warning in found.warnings:
        sheet.note(warning)
    sheet.note(_NOTE)
    how = (
        f"{_title(found.chosen)} within the limits, Ledoit-Wolf covariance (shrinkage "
        f"{found.shrinkage:.2f}), simple daily returns, 365 days, ddof 1, risk-free rate "
        f"{risk_free:.2%}; n = {found.n}; data {data_hash(sample.returns)}."
    )
    facts = sheet.card(how, context.simulated)
    weights = _weights(sheet, context, found, how)
    frontier = _frontier(context, sample, bounds, found, how)
    return sheet.result(facts, weights, frontier)


def _still(asset: str, closes: Floats) -> bool:
    """Whether it is money, or its price stood still, so that there is no risk to measure."""
    return asset in FIAT or (len(closes) > 1 and np.ptp(closes) == 0)


def _stored(context: ToolContext) -> Profile | None:
    body = context.library.documents("profile").get(PROFILE)
    return None if body is None else profile_from_body(body)


def _defaults(context: ToolContext) -> Arguments:
    """What the stored investor profile says."""
    profile = _stored(context)
    if profile is None:
        return {}
    found: dict[str, str | Decimal] = {
        _RISK.name: profile.risk.name.lower(),
        _YEARS.name: Decimal(str(profile.horizon)),
        _OBJECTIVE.name: str(profile.objective),
    }
    if profile.cap is not None:
        found[_CAP.name] = Decimal(str(profile.cap)) * 100
    return found


def _plan(
    sheet: Sheet, context: ToolContext, arguments: Arguments, sample: Sample
) -> tuple[Method, Bounds, Sample]:
    cap = float(number_of(arguments, _CAP) / 100)
    if _CAP.name not in arguments:  # the default must leave room for few coins
        cap = max(cap, 1 / len(sample.assets))
    name = text_of(arguments, _METHOD)
    if name != BY_PROFILE:
        return Method(name), limits(sample.assets, cap), sample
    stored = _stored(context)
    profile = Profile(
        Risk[text_of(arguments, _RISK).upper()],
        float(number_of(arguments, _YEARS)),
        Objective(text_of(arguments, _OBJECTIVE)),
        cap if "cap_percent" in arguments else None,
        excluded=stored.excluded if stored else frozenset(),
    )
    plan = fit(profile, sample.assets, len(sample.returns))
    for reason in plan.reasons:
        sheet.note(reason)
    columns = [sample.assets.index(asset) for asset in plan.assets]
    kept = Sample(plan.assets, sample.returns[:, columns], sample.first, sample.last)
    return plan.method, plan.bounds, kept


def _figures(sheet: Sheet, found: Comparison) -> None:
    chosen = found.chosen
    sheet.percent("mean return a year", chosen.mean_return, sign=True)
    sheet.percent("volatility", chosen.volatility)
    sheet.number("Sharpe ratio", round(chosen.sharpe, 6), two_decimals(chosen.sharpe))
    sheet.percent("1-day CVaR 95 %", chosen.cvar)


def _weights(sheet: Sheet, context: ToolContext, found: Comparison, how: str) -> TableCard:
    held = {}
    if context.transactions:
        held = {row.asset: row.weight for row in context.valuation().rows if row.weight}
    columns = [Column("Coin", "text"), Column(_title(found.chosen), "percent")]
    others = [o for o in (found.equal_weight, found.hrp) if o.method != found.chosen.method]
    columns += [Column(_title(other), "percent") for other in others]
    columns += [Column("Held now", "percent"), Column("Share of the risk", "percent")]
    rows = []
    order = sorted(range(len(found.assets)), key=lambda i: -found.chosen.weights[i])
    for i in order:
        asset = found.assets[i]
        sheet.line(f"{asset}: {sheet.percent_cell(f'weight of {asset}', _exact(found.chosen, i))}")
        cells = [sheet.percent_cell(f"{o.method} weight of {asset}", _exact(o, i)) for o in others]
        rows.append((
            asset,
            sheet.figures[-1 - len(cells)].text,
            *cells,
            sheet.percent_cell(f"weight of {asset} now", held.get(asset)),
            sheet.percent_cell(
                f"share of the risk of {asset}", _rounded(found.chosen.risk_shares[i])
            ),
        ))  # fmt: skip
    return TableCard("Weights", tuple(columns), tuple(rows), None, how, context.simulated)


def _exact(allocation: Allocation, place: int) -> Decimal:
    return _rounded(allocation.weights[place])


def _rounded(value: float) -> Decimal:
    return Decimal(str(round(value, 8))) + 0


def _title(allocation: Allocation) -> str:
    return capitalised(allocation.method)


def _frontier(
    context: ToolContext, sample: Sample, bounds: Bounds, found: Comparison, how: str
) -> ChartCard:
    covariance = ledoit_wolf(sample.returns).matrix
    line = efficient_frontier(covariance, sample.means, bounds, _POINTS)
    root = math.sqrt(DAYS_PER_YEAR)
    curve = [(point.deviation * root, point.mean * DAYS_PER_YEAR) for point in line]
    series = [_dots("Efficient frontier", curve)]
    mixes = {found.chosen, found.equal_weight, found.hrp}
    for mix in sorted(mixes, key=lambda mix: mix.method):
        series.append(_dots(_title(mix), [(mix.volatility, mix.mean_return)]))
    spread = sample.returns.std(axis=0, ddof=1) * root
    for asset, x, y in zip(sample.assets, spread, sample.means * DAYS_PER_YEAR, strict=True):
        series.append(_dots(asset, [(float(x), float(y))]))
    return ChartCard(
        "Efficient frontier: mean return against volatility", "scatter", tuple(series), "%", how,
        context.simulated, x_unit="%",
    )  # fmt: skip


def _dots(name: str, points: Sequence[tuple[float, float]]) -> Series:
    return Series(
        name, tuple(f"{x * 100:.4f}" for x, _ in points), tuple(float(y * 100) for _, y in points)
    )


OPTIMISE = Analysis(
    Tool(
        "optimise",
        "How to divide money among coins: minimum variance, HRP, risk parity, mean-CVaR and more.",
        (ASSETS, _METHOD, _RISK, _YEARS, _OBJECTIVE, _CAP, PERIOD, RISK_FREE),
        optimise,
        "how to divide money among {assets}",
        advice=True,
    ),
    "Allocation",
    "Optimiser and frontier",
    "Weights by a method or by your profile, beside equal weight, HRP and what you hold.",
    (
        r"\b(?:optimi[sz](?:e|er|ed|ing|ation)|efficient frontier|frontier)\b",
        r"\b(?:hrp|hierarchical risk parity|risk parity|min(?:imum)?[- ]variance|mean[- ]c?var)\b",
        r"\b(?:max(?:imum)?[- ]sharpe|inverse[- ]vol\w*|equal[- ]weight\w*)\b",
        r"\bhow (?:should|would|could|to) (?:i )?(?:divide|split|allocate|weight)\b",
    ),
    defaults=_defaults,
)
