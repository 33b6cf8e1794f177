"""The lots still held, each with its date, cost and gain so far."""

from dataclasses import replace
from decimal import Decimal

from engine.assistant.analyses.base import Analysis, Offers
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet
from engine.core.cards import Column
from engine.core.errors import PRICES_FROM
from engine.core.money import format_amount, format_money
from engine.core.words import capitalised

_COIN = Param("asset", "asset", False, "left out for all coins", label="Coin")
_ZERO = Decimal(0)
_SHOWN = 200
_NOTES = 5
_UNKNOWN = "not known"


def lots_held(context: ToolContext, arguments: Arguments) -> ToolResult:
    """All open lots, the oldest first."""
    context.require_portfolio()
    asset = arguments.get("asset")
    lots = [lot for lot in context.book.open if asset in (None, lot.asset)]
    if not lots:
        return _none(context, asset)
    lots.sort(key=lambda lot: (lot.asset, lot.time))
    sheet = Sheet(f"Lots of {asset}" if asset else "Lots", context.currency)
    sheet.number("lots", len(lots), str(len(lots)))
    costs = [lot.amount * lot.unit_cost for lot in lots if lot.unit_cost is not None]
    if costs:
        sheet.money("cost", sum(costs, _ZERO))
    else:
        sheet.fact("cost", _UNKNOWN)
    rows, gains = [], []
    unpriced: dict[str, None] = {}
    for lot in lots:
        price = context.last_price(lot.asset)
        spent = None if lot.unit_cost is None else lot.amount * lot.unit_cost
        value = None if price is None else lot.amount * price
        one = value - spent if value is not None and spent is not None else None
        if one is not None:
            gains.append(one)
        if price is None:
            unpriced[lot.asset] = None
        days = (context.today - lot.time.date()).days
        rows.append((
            lot.asset,
            lot.account or "all",
            lot.time.date().isoformat(),
            f"{days:,}" + (" (long)" if days >= context.basis.long_days else ""),
            format_amount(lot.amount),
            *("–" if v is None else format_money(v, context.currency)
              for v in (lot.unit_cost, spent, value, one)),
        ))  # fmt: skip
    if gains:
        sheet.money("unrealised gain", sum(gains, _ZERO), sign=True)
    else:
        sheet.fact("unrealised gain", _UNKNOWN)
    if len(unpriced) == len({lot.asset for lot in lots}):
        held = asset or "anything held"
        sheet.note(f"No price of {held} is known, so there is no gain. {PRICES_FROM}")
    else:
        sheet.left_out(list(unpriced), NO_PRICE)
    for gap in context.book.missing[:_NOTES]:
        sheet.note(str(gap))
    if len(rows) > _SHOWN:
        sheet.note(f"The oldest {_SHOWN} lots are listed; ask for one coin to see the others.")
    columns = (
        Column("Coin", "text"), Column("Account", "text"), Column("Acquired", "date"),
        Column("Days held", "amount"), Column("Amount", "amount"), Column("Unit cost", "money"),
        Column("Cost", "money"), Column("Value", "money"), Column("Gain", "money"),
    )  # fmt: skip
    basis = capitalised(context.basis.described())
    how = f"{basis}; fees are part of the cost; values at the last close."
    table = sheet.table("Lots", columns, rows[:_SHOWN], how, context.simulated)
    return sheet.result(sheet.card(how, context.simulated), table)


def _none(context: ToolContext, asset: str | Decimal | None) -> ToolResult:
    """One sentence instead of an empty table."""
    held = sorted({lot.asset for lot in context.book.open})
    sheet = Sheet(f"Lots of {asset}" if asset else "Lots", context.currency)
    sheet.number("lots", 0, "0")
    sheet.note(
        f"You hold no lots of {asset}; there are some of {', '.join(held)}."
        if held
        else "You hold no lots of any coin."
    )
    for gap in context.book.missing[:_NOTES]:
        sheet.note(str(gap))
    how = f"{capitalised(context.basis.described())}."
    return replace(sheet.result(sheet.card(how, context.simulated)), plain=True)


def _offers(context: ToolContext) -> Offers:
    return {"asset": context.assets}


LOTS_HELD = Analysis(
    Tool(
        "lots_held",
        "The tax lots still held with date, cost and gain.",
        (_COIN,),
        lots_held,
        "your lots of {asset}",
    ),
    "Portfolio",
    "Lots",
    "What each purchase still held has cost, and what it has gained.",
    (r"\b(?:tax |open |my )?lots\b(?! of (?:people|money|time|coins))",),
    _offers,
)
