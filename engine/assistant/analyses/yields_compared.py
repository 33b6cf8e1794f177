"""Stored yields side by side for one amount and time, with what speaks against each."""

import math
from datetime import date
from decimal import Decimal

import numpy as np

from engine.analytics.defi.compare import Order, compare_yields
from engine.analytics.defi.offers import YieldOffer
from engine.assistant.analyses.base import Analysis, number_of, text_of
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_money, format_percent

_AMOUNT = Param(
    "amount", "amount", False, "how much is put in", label="Amount", default=Decimal(10_000),
    least=Decimal(100), most=Decimal(1_000_000),
)  # fmt: skip
_DAYS = Param(
    "days", "number", False, "for how many days", label="Days", default=Decimal(365),
    least=Decimal(1), most=Decimal(1825),
)  # fmt: skip
_ORDER = Param(
    "order", "enum", False, "what comes first", ("gain", "risk"), label="Order by", default="risk"
)
_SHOWN = 50
_METHOD = (
    "Base yields as stated, compounded daily; rewards not compounded; 365 days. Flags are rules "
    "with stated "
    "limits; what is not known is a flag as well."
)


def yields_compared(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Every stored pool for the same amount and time."""
    offers = _offers_stored(context)
    if not offers:
        raise KnownError(
            "There are no yields to compare.", "Import a list of pools under Market data."
        )
    amount, days = number_of(arguments, _AMOUNT), number_of(arguments, _DAYS)
    order: Order = "risk" if text_of(arguments, _ORDER) == "risk" else "gain"
    found = compare_yields(offers, amount, days, order=order)
    sheet = Sheet("Yields compared", context.currency)
    sheet.money("amount", amount)
    sheet.number("pools", len(found), str(len(found)))
    best = found[0]
    sheet.fact("first in this order", best.offer.name)
    sheet.percent("its yield a year", best.total)
    sheet.money("its gain", best.gain, sign=True)
    rows = []
    for one in found[:_SHOWN]:
        sheet.percent_cell(f"yield of {one.offer.name}", one.total)
        sheet.money_cell(f"gain of {one.offer.name}", one.gain)
        rows.append((
            one.offer.name,
            format_percent(one.apy),
            format_percent(one.reward_apr),
            format_money(one.gain, context.currency),
            str(one.serious),
            " ".join(flag.reason for flag in one.flags if flag.weight != "unknown") or "none known",
        ))  # fmt: skip
    columns = (
        Column("Pool", "text"), Column("Base APY", "percent"), Column("Rewards", "percent"),
        Column("Gain", "money"), Column("Serious", "amount"), Column("Flags", "text"),
    )  # fmt: skip
    table = TableCard("Yields with risk flags", columns, tuple(rows), None, _METHOD, False)
    return sheet.result(sheet.card(_METHOD, False), table)


def _offers_stored(context: ToolContext) -> list[YieldOffer]:
    fields: dict[str, set[str]] = {}
    for name, field in context.library.measured("yield"):
        fields.setdefault(name, set()).add(field)
    offers = []
    for name, known in sorted(fields.items()):
        last: dict[str, Decimal] = {}
        mean: Decimal | None = None
        days: list[date] = []
        for field in known:
            days, values = context.library.measurements("yield", name, field)
            last[field] = Decimal(str(round(float(values[-1]), 12)))
            if field == "apy" and len(values) >= 2:
                recent = [v for d, v in zip(days, values, strict=True) if (days[-1] - d).days < 30]
                mean = Decimal(str(round(float(np.mean(recent)), 12)))
        reward = last.get("apy_reward", Decimal(0))
        base = last.get("apy_base", last.get("apy", Decimal(0)) - reward)
        base, mean = _simple(base), None if mean is None else _simple(mean)
        offers.append(
            YieldOffer(
                name, base, max(reward, Decimal(0)), mean, last.get("tvl"),
                stable=_flag(last, "stablecoin"), impermanent_loss=_flag(last, "il_risk"),
            )
        )  # fmt: skip
    return offers


def _simple(apy: Decimal) -> Decimal:
    """The nominal yearly rate that becomes this yield if compounded daily."""
    rate = 365.0 * math.expm1(math.log1p(max(float(apy), -0.99)) / 365.0)
    return Decimal(str(round(rate, 12)))


def _flag(values: dict[str, Decimal], name: str) -> bool | None:
    return bool(values[name]) if name in values else None


def _lacks(context: ToolContext) -> str:
    if context.library.measured("yield"):
        return ""
    return "Import a list of pools with their yields under Market data to see them side by side."


YIELDS_COMPARED = Analysis(
    Tool(
        "yields_compared",
        "Stored DeFi yields side by side with risk flags.",
        (_AMOUNT, _DAYS, _ORDER),
        yields_compared,
        "the yields you have stored",
        advice=True,
    ),
    "DeFi",
    "Yields",
    "What pools pay for the same amount and time, and what speaks against each.",
    (
        r"\b(?:compare|list|show|best|highest|safest)\b.{0,30}\b(?:yields?|pools|apys?)\b",
        r"\bwhich pools?\b.{0,20}\b(?:pays?|yields?|earns?)\b",
        r"\byields?\b.{0,30}\b(?:risk flags|side by side)\b",
    ),
    lacks=_lacks,
)
