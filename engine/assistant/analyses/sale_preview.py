"""What the gain would be if coins were sold now."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from itertools import pairwise

from engine.assistant.amend import ALL, EVERYTHING
from engine.assistant.analyses.base import (
    Analysis,
    Offers,
    Read,
    amounts_said,
    number_of,
    symbols_of,
)
from engine.assistant.analyses.sale_of_everything import ONE_STOCK, sell_everything
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money
from engine.core.words import capitalised
from engine.ledger.methods import METHOD_NAMES, CostBasis, Method
from engine.ledger.what_if import preview_sale

_COIN = Param("asset", "asset", True, "the coin to sell, several with commas, or ALL", label="Coin")
_AMOUNT = Param(
    "amount", "amount", False, "how many coins; left out for all of them",
    label="Coins to sell (0 = all)", default=Decimal(0), least=Decimal(0),
)  # fmt: skip
_SHARE = Param(
    "share_percent", "percent", False, "the part of what is held, where no amount is given",
    label="Part of what is held, %", default=Decimal(100), least=Decimal(0), most=Decimal(100),
)  # fmt: skip
_PRICE = Param(
    "price", "amount", False, "price per coin; left out for the last close",
    label="Price (0 = last close)", default=Decimal(0), least=Decimal(0),
)  # fmt: skip
_ACCOUNT = Param("account", "account", False, "the account sold from", label="Account")

_PARTS = (
    (r"(?:two|2) thirds", Decimal(200) / 3),
    (r"(?:a |one |1/)third", Decimal(100) / 3),
    (r"(?:three|3) quarters", Decimal(75)),
    (r"(?:a |one )quarter", Decimal(25)),
    (r"half(?! an? )", Decimal(50)),
)
_SELL = r"\b(?:sold|sell|selling|dump(?:ed)?|cash(?:ed)? out|liquidated?)"
_SOLD_PART = re.compile(rf"{_SELL}(?: off)?(?: about| around| roughly)?\s*$", re.I)
_HALF_A_COIN = re.compile(r"\bhalf an? ", re.I)
_ALL = re.compile(
    r"\bit all\b|\b(?:my|our) (?:coins|crypto|holdings|positions|assets|tokens|stuff|bags?)\b", re.I
)
_BUT = re.compile(r"\b(?:except|excluding|but|other than|apart from|besides)\b", re.I)
_AND = re.compile(
    r"\s*(?:,|&|\+|,?\s*\b(?:and|plus)\b)\s*(?:also )?"
    r"(?P<part>(?:all|half|[\d.,]+\s*%?)\s*(?:of )?)?(?:my |the |our )?",
    re.I,
)
_AT = re.compile(r"(?:\bat|@|\bfor|\bprice(?: of)?)\s*$", re.I)


def sale_preview(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The lots that a sale would take, and its gain, by the method in force."""
    context.require_portfolio()
    asset = str(arguments["asset"])
    account = str(arguments["account"]) if "account" in arguments else None
    share = number_of(arguments, _SHARE) / 100
    if share <= 0:
        raise KnownError("The part to sell must be more than zero.", "Write 50 for half.")
    when = datetime.combine(context.today, time(12), UTC)
    method = _method_on(context.basis, when)
    several = symbols_of(arguments, _COIN.name)
    if asset.upper() == ALL or len(several) > 1:
        if _given(arguments, "amount") or _given(arguments, "price"):
            raise KnownError(
                "An amount and a price are those of one coin.", "Ask about one coin at a time."
            )
        only = several if asset.upper() != ALL else ()
        return sell_everything(context, share, account, when, method, only)
    held = context.amount(asset, account)
    amount = _given(arguments, "amount") or held * share
    price = _given(arguments, "price") or context.last_price(asset)
    if held <= 0:
        raise KnownError(f"You hold no {asset}.", "Ask about a coin you hold.")
    if account and amount > held:
        raise KnownError(
            f"{account} holds {format_amount(held)} {asset}, less than {format_amount(amount)}.",
            "Sell less, or leave the account out.",
        )
    if price is None:
        raise KnownError(f"There is no fresh price of {asset}.", "Give one, or import prices.")
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
    if account and context.basis.universal:
        sheet.note(ONE_STOCK)
    if found.unknown:
        sheet.note(f"{format_amount(found.unknown)} {asset} have no known cost and are left out.")
    name = METHOD_NAMES[method]
    how = f"{capitalised(name)}; nothing is sold or stored."
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
    """ "0.5 BTC at 90k": what follows "at" is the price. "half of everything": a part of all."""
    said = amounts_said(found)
    prices = [one for one in said if _AT.search(found.text[: one.start])]
    coins = [one for one in said if one not in prices]
    amount = Decimal(coins[0].value) if coins else None
    if _HALF_A_COIN.search(found.text):
        amount = Decimal("0.5")
    read: dict[str, str | Decimal | None] = {
        "amount": amount,
        "price": Decimal(prices[0].value) if prices else None,
        _SHARE.name: _share_said(found),
    }
    everything = EVERYTHING.search(found.text) or _ALL.search(found.text)
    if everything and _BUT.search(found.text):
        read["asset"] = None  # neither everything nor the coin that is kept
    elif everything and not found.of("asset"):
        read["asset"] = ALL
    elif several := _together(found, apart=read[_SHARE.name] is not None):
        read["asset"] = ", ".join(several)
    return read


def _together(found: Recognised, apart: bool) -> tuple[str, ...]:
    """The coins that the first one is told in one breath with: "my BTC and my ETH".

    apart: a part of one is sold. KnownError if it is not the same part of each.
    """
    coins = found.of("asset")
    names = [str(one.value) for one in coins[:1]]
    for one, other in pairwise(coins):
        joined = _AND.fullmatch(found.text, one.end, other.start)
        if not joined:
            break
        if apart and joined["part"]:
            raise KnownError(
                "Of several coins the same part of each can be sold.",
                "Ask about one coin at a time.",
            )
        names.append(str(other.value))
    named = tuple(dict.fromkeys(names))
    return named if len(named) > 1 else ()


def _share_said(found: Recognised) -> Decimal | None:
    """The part that a question sells, in percent."""
    for words, percent in _PARTS:
        if re.search(rf"{_SELL}\b.{{0,12}}\b{words}\b|\b{words} of my\b", found.text, re.I):
            return percent
    said = (m for m in found.of("percent") if _SOLD_PART.search(found.text[: m.start]))
    return next((abs(Decimal(mention.value)) for mention in said), None)


def _offers(context: ToolContext) -> Offers:
    return {"asset": (*context.assets, ALL)}


_SOLD = (
    r"(?:sold|sell|were to sell|cash(?:ed)? out|"
    r"(?:liquidated?|dump(?:ed)?) (?:everything|it all|all\b|my (?:whole|entire|portfolio)))"
)
SALE_PREVIEW = Analysis(
    Tool(
        "sale_preview",
        "What the gain would be if coins were sold now, lot by lot.",
        (_COIN, _AMOUNT, _SHARE, _PRICE, _ACCOUNT),
        sale_preview,
        "the gain if you sold {asset}",
        advice=True,
        headline="gain",
    ),
    "Portfolio",
    "If I sold",
    "The gain of a sale before you make it, lot by lot.",
    (
        rf"\b(?:if|suppose|say) i {_SOLD}\b",
        rf"\b(?:gain|profit|tax(?:es)?)\b.{{0,40}}\bif i {_SOLD}\b",
        r"\bselling\b.{0,40}\b(?:gain|tax)\b",
        r"\b(?:gain|profit|tax(?:es)?)\b.{0,30}\bselling (?:everything|it all|all (?:of )?my)\b",
    ),
    _offers,
    _reads,
)
