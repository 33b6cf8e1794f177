"""What to buy and sell to come back to target weights, and what the sales would cost in tax."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from engine.assistant.analyses.base import (
    Analysis,
    Offers,
    Read,
    amounts_said,
    number_of,
    text_of,
)
from engine.assistant.analyses.weights_text import CASH, pairs_said, read_pairs
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet
from engine.core.cards import Card, Column, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money, format_percent
from engine.core.records import FIAT
from engine.core.words import capitalised
from engine.ledger.rebalance import rebalance as plan_of
from engine.ledger.rebalance_plan import Plan, Position
from engine.ledger.sale_tax import SaleTax, TaxRates, sale_taxes
from engine.ledger.targets import Target, target_from_body

_WEIGHTS = Param(
    "weights", "text", False, "target weights in percent, such as BTC 60, ETH 30; the rest is cash",
    label="Target weights, %",
)  # fmt: skip
_STORED = Param(
    "target", "text", False, "a target stored before", label="Or a stored target", omitted="none"
)
_MODE = Param(
    "mode", "enum", False, "whether anything is sold", ("buy and sell", "buy only"),
    label="Trades", default="buy and sell",
)  # fmt: skip
_CASH = Param(
    "cash", "number", False, "new money to put in, in the reporting currency", label="New money",
    default=Decimal(0), least=Decimal(0),
)  # fmt: skip
_BAND = Param(
    "band_percent", "percent", False, "points a weight may differ from its target",
    label="Band, points", default=Decimal(5), least=Decimal(0), most=Decimal(50),
)  # fmt: skip
_RELATIVE = Param(
    "relative_percent", "percent", False, "part of its target a weight may differ by",
    label="Band, % of the target", default=Decimal(25), least=Decimal(0), most=Decimal(100),
)  # fmt: skip
_MINIMUM = Param(
    "minimum", "number", False, "no trade is worth less", label="Smallest trade",
    default=Decimal(10), least=Decimal(0),
)  # fmt: skip
_FEE = Param(
    "fee_percent", "percent", False, "fee of a trade in percent", label="Fee, %",
    default=Decimal("0.25"), least=Decimal(0), most=Decimal(10),
)  # fmt: skip
_SHORT = Param(
    "short_tax_percent", "percent", False, "tax on gains of coins held short, in percent",
    label="Tax, held short, %", default=Decimal(0), least=Decimal(0), most=Decimal(100),
)  # fmt: skip
_LONG = Param(
    "long_tax_percent", "percent", False, "tax on gains of coins held long, in percent",
    label="Tax, held long, %", default=Decimal(0), least=Decimal(0), most=Decimal(100),
)  # fmt: skip
_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_NEW = re.compile(
    r"\s*(?:(?:dollars|euros|usd|eur)\s+)?(?:of\s+)?(?:new|more|extra|fresh|additional)\s+"
    r"(?:cash|money|funds)\b",
    re.I,
)
_METHOD = (
    "What is outside its band goes back to its target; new money goes first to what is below. A "
    "band is the smaller of the points and the part of the target (5/25 rule). Fees come out of "
    "the cash; weights the targets leave are cash."
)


def rebalance(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The trades, the weights after them, and the gain and tax of each sale."""
    target = _target(context, arguments)
    positions, cash, unpriced = _positions(context, target)
    plan = plan_of(
        positions,
        target,
        context.currency,
        cash=cash + number_of(arguments, _CASH),
        sell=text_of(arguments, _MODE) != "buy only",
        minimum=number_of(arguments, _MINIMUM),
        fee_rate=number_of(arguments, _FEE) / 100,
    )
    rates = TaxRates(number_of(arguments, _SHORT) / 100, number_of(arguments, _LONG) / 100)
    when = datetime.combine(context.today, time(12), UTC)
    asked = rates if rates.short or rates.long else None
    taxes = sale_taxes(plan, context.book, context.basis, when, asked)
    sheet = Sheet("Rebalancing", context.currency)
    sheet.money("value with new money", plan.total)
    sheet.number("trades", len(plan.trades), str(len(plan.trades)))
    for asset, trade in plan.trades:
        sheet.fact(f"{trade.side} {asset}", f"{format_amount(trade.amount)} {asset}")
        sheet.hidden(f"{trade.side} {asset}", trade.amount, format_amount(trade.amount))
    sheet.money("fees", plan.fees)
    sheet.money("cash after", plan.cash_after)
    if taxes:
        known = [one.preview.gain for one in taxes if one.preview]
        sheet.money("gain realised by the sales", sum(known, _ZERO), sign=True)
    if asked is not None and taxes:
        sheet.money("tax on the sales", sum((one.tax or _ZERO for one in taxes), _ZERO))
    for note in (*plan.notes, *(f"{one.asset}: {one.note}" for one in taxes if one.note)):
        sheet.note(note)
    sheet.left_out(unpriced, NO_PRICE)
    cards: list[Card] = [
        sheet.card(_METHOD, context.simulated),
        _trades(sheet, plan, context.simulated),
    ]
    if taxes:
        cards.append(_sales(sheet, taxes, context))
    return sheet.result(*cards)


def _target(context: ToolContext, arguments: Arguments) -> Target:
    """The weights typed, else the stored target named, else the only stored one."""
    stored = context.library.documents("target")
    typed, name = text_of(arguments, _WEIGHTS), text_of(arguments, _STORED)
    body: dict[str, Any]
    if typed:
        pairs = read_pairs(typed)
        money = {name: part for name, part in pairs.items() if name in FIAT or name == CASH}
        if money and sum(map(Decimal, pairs.values())) != _HUNDRED:
            raise KnownError(
                "With cash named, the weights must come to 100 %.",
                "Leave cash out: it is what the weights leave.",
            )
        body = {"weights": {name: part for name, part in pairs.items() if name not in money}}
    elif name in stored or (not name and len(stored) == 1):
        body = dict(stored[name] if name else next(iter(stored.values())))
    else:
        known = f"Stored: {', '.join(stored)}." if stored else "Write BTC 60, ETH 30, USDC 10."
        raise KnownError(
            f"There is no target called {name!r}." if name else "Which weights do you want?", known
        )
    for key, param in (("absolute", _BAND), ("relative", _RELATIVE)):
        if param.name in arguments or key not in body:
            body[key] = f"{number_of(arguments, param):f}"
    return target_from_body(body)


def _positions(
    context: ToolContext, target: Target
) -> tuple[list[Position], Decimal, tuple[str, ...]]:
    """What is held or wanted with a price, the money held, and what has no price."""
    rows = context.valuation().rows if context.transactions else ()
    cash = sum((row.value for row in rows if row.value and row.asset in FIAT), _ZERO)
    coins = [row for row in rows if row.asset not in FIAT]
    found = [Position(row.asset, row.amount, row.price) for row in coins if row.price]
    held = {row.asset for row in coins}
    for asset in target.weights:
        price = context.last_price(asset)
        if asset not in held and price is not None:
            found.append(Position(asset, _ZERO, price))
    return found, cash, tuple(row.asset for row in coins if not row.price)


def _trades(sheet: Sheet, plan: Plan, simulated: bool) -> TableCard:
    columns = (
        Column("Coin", "text"), Column("Value", "money"), Column("Weight", "percent"),
        Column("Target", "percent"), Column("Trade", "text"), Column("Coins", "amount"),
        Column("Worth", "money"), Column("Fee", "money"), Column("Weight after", "percent"),
        Column("Why not", "text"),
    )  # fmt: skip
    rows = []
    for line in plan.lines:
        trade = line.trade
        rows.append((
            line.asset,
            format_money(line.before, plan.currency),
            format_percent(line.weight),
            format_percent(line.target),
            trade.side if trade else "–",
            format_amount(trade.amount) if trade else "–",
            format_money(trade.value, plan.currency) if trade else "–",
            format_money(trade.fee, plan.currency) if trade else "–",
            format_percent(line.weight_after),
            line.why,
        ))  # fmt: skip
    after = plan.cash_after / plan.total_after
    rows.append((
        "Cash", format_money(plan.cash, plan.currency), format_percent(plan.cash / plan.total),
        format_percent(plan.cash_target), "–", "–", "–", format_money(plan.fees, plan.currency),
        format_percent(after), "",
    ))  # fmt: skip
    return sheet.table("Trades and weights", columns, rows, _METHOD, simulated)


def _sales(sheet: Sheet, taxes: Sequence[SaleTax], context: ToolContext) -> TableCard:
    def money(value: Decimal | None) -> str:
        return "–" if value is None else format_money(value, context.currency)

    columns = (
        Column("Sale of", "text"), Column("Proceeds", "money"), Column("Cost", "money"),
        Column("Gain", "money"), Column("Held short", "money"), Column("Held long", "money"),
        Column("Tax", "money"),
    )  # fmt: skip
    rows = []
    for one in taxes:
        parts = one.preview
        values: tuple[Decimal | None, ...] = (None,) * 5
        if parts is not None:
            values = (parts.proceeds, parts.cost, parts.gain, parts.short, parts.long)
        rows.append((one.asset, *(money(value) for value in values), money(one.tax)))
    how = (
        f"{context.basis.described()}; held long from {context.basis.long_days:,} days; a loss "
        "costs no tax and is not set against other gains."
    )
    method = capitalised(how)
    return sheet.table("Gain and tax of the sales", columns, rows, method, context.simulated)


def _offers(context: ToolContext) -> Offers:
    return {"target": tuple(context.library.documents("target"))}


def _reads(found: Recognised) -> Read:
    """The percentages of a question are weights, neither bands nor fees."""
    percents = (_BAND, _RELATIVE, _FEE, _SHORT, _LONG)
    only = "buy only" if "only buy" in found.text.lower() else None
    mode: Read = {_MODE.name: only} if only else {}
    weights = pairs_said(found, money=True)
    added = next((one for one in amounts_said(found) if _NEW.match(found.text, one.end)), None)
    put_in: Read = {}
    if added or CASH in weights.split():  # a weight is no new money
        put_in = {_CASH.name: Decimal(added.value) if added else None}
    return dict.fromkeys(p.name for p in percents) | {
        _WEIGHTS.name: weights or None,
        **mode,
        **put_in,
    }


REBALANCE = Analysis(
    Tool(
        "rebalance",
        "Trades that bring the portfolio back to target weights, with fees and tax.",
        (_WEIGHTS, _STORED, _MODE, _CASH, _BAND, _RELATIVE, _MINIMUM, _FEE, _SHORT, _LONG),
        rebalance,
        "how to rebalance to {weights}",
        advice=True,
        headline="value with new money",
    ),
    "Portfolio",
    "Rebalancing",
    "The least trading that brings the weights back to where you want them, and its tax.",
    (
        r"(?<!before i )(?<!after i )(?<!when i )(?<!once i )(?<!since i )\bre-?balanc\w*\b",
        r"\btarget (?:weights?|allocation)\b",
    ),
    _offers,
    _reads,
)
