"""What the gain would be if coins were sold now."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal

from engine.assistant.analyses.base import Analysis, Offers, Read, amounts_said
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money
from engine.ledger.methods import METHOD_NAMES, CostBasis, Method
from engine.ledger.what_if import preview_sale

_COIN = Param("asset", "asset", True, "the coin to sell", label="Coin")
_AMOUNT = Param(
    "amount", "amount", False, "how many coins; left out for all of them",
    label="Coins to sell (0 = all)", default=Decimal(0), least=Decimal(0),
)  # fmt: skip
_PRICE = Param(
    "price", "amount", False, "price per coin; left out for the last close",
    label="Price (0 = last close)", default=Decimal(0),
)  # fmt: skip
_ACCOUNT = Param("account", "account", False, "the account sold from", label="Account")

_AT = re.compile(r"(?:\bat|@|\bfor|\bprice(?: of)?)\s*$", re.I)


def sale_preview(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The lots that a sale would take, and its gain, by the method in force."""
    context.require_portfolio()
    asset = str(arguments["asset"])
    account = str(arguments["account"]) if "account" in arguments else None
    held = context.amount(asset, account)
    amount = _given(arguments, "amount") or held
    price = _given(arguments, "price") or context.last_price(asset)
    if held <= 0:
        raise KnownError(f"You hold no {asset}.", "Ask about a coin you hold.")
    if price is None:
        raise KnownError(f"There is no fresh price of {asset}.", "Give one, or import prices.")
    when = datetime.combine(context.today, time(12), UTC)
    method = _method_on(context.basis, when)
    found = preview_sale(
        context.book,
        asset,
        amount,
        price,
        when,
        method=method,
        account=account,
        long_days=context.basis.long_days,
    )
    sheet = Sheet(f"If you sold {format_amount(amount)} {asset}", context.currency)
    sheet.hidden("amount sold", amount, format_amount(amount))
    sheet.money("price", price)
    sheet.money("proceeds", found.proceeds)
    sheet.money("cost", found.cost)
    sheet.money("gain", found.gain, sign=True)
    if found.short or found.long:
        sheet.money("gain on coins held short", found.short, sign=True)
        sheet.money("gain on coins held long", found.long, sign=True)
    if found.unknown:
        sheet.note(f"{format_amount(found.unknown)} {asset} have no known cost and are left out.")
    name = METHOD_NAMES[method]
    how = f"{name[:1].upper()}{name[1:]}; nothing is sold or stored."
    columns = (Column("Bought", "date"), Column("Amount", "amount"), Column("Cost", "money"),
               Column("Proceeds", "money"), Column("Gain", "money"))  # fmt: skip
    rows = tuple(
        (
            one.acquired.date().isoformat() if one.acquired else "pool",
            format_amount(one.amount),
            *(format_money(v, context.currency) for v in (one.cost, one.proceeds, one.gain)),
        )
        for one in found.disposals
    )
    table = sheet.table("Lots sold", columns, rows, how, context.simulated)
    return sheet.result(sheet.card(how, context.simulated), table)


def _given(arguments: Arguments, name: str) -> Decimal | None:
    value = arguments.get(name)
    return value if isinstance(value, Decimal) and value > 0 else None


def _method_on(basis: CostBasis, when: datetime) -> Method:
    return next((name for start, name in reversed(basis.changes()) if when >= start), basis.method)


def _reads(found: Recognised) -> Read:
    """ "0.5 BTC at 90k": what follows "at" is the price."""
    said = amounts_said(found)
    prices = [one for one in said if _AT.search(found.text[: one.start])]
    coins = [one for one in said if one not in prices]
    return {
        "amount": Decimal(coins[0].value) if coins else None,
        "price": Decimal(prices[0].value) if prices else None,
    }


def _offers(context: ToolContext) -> Offers:
    return {"asset": context.assets}


SALE_PREVIEW = Analysis(
    Tool(
        "sale_preview",
        "What the gain would be if coins were sold now, lot by lot.",
        (_COIN, _AMOUNT, _PRICE, _ACCOUNT),
        sale_preview,
        "the gain if you sold {asset}",
        advice=True,
        headline="gain",
    ),
    "Portfolio",
    "If I sold",
    "The gain of a sale before you make it, lot by lot.",
    (
        r"\b(?:if|suppose|say) i (?:sold|sell|were to sell)\b",
        r"\b(?:gain|profit|tax(?:es)?)\b.{0,40}\bif i (?:sold|sell)\b",
        r"\bselling\b.{0,40}\b(?:gain|tax)\b",
    ),
    _offers,
    _reads,
)
