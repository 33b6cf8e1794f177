"""The range of what an NFT would sell for."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal

from engine.analytics.nft import prepare, value
from engine.assistant.analyses.base import Analysis, Offers, Read, text_of
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError
from engine.core.records import is_nft
from engine.ledger.legs import holdings

_COLLECTION = Param("collection", "text", False, "the collection", label="Collection")
_ITEM = Param("item", "text", True, "number of the item in its collection", label="Item")
_FLOOR = Param("floor", "amount", False, "lowest price now asked, if known", label="Floor price")
_SHOWN = 400

_ITEM_SAID = re.compile(r"#\s?(\w{1,20})|(?<![\d.,])(\d{1,10})(?![\d.,]*\d)")
_FLOOR_SAID = re.compile(r"\bfloor\b\D{0,20}(\d+(?:\.\d+)?)", re.I)


def nft_value(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The range of one item from the stored sales of its collection."""
    known = context.library.collections()
    collection = text_of(arguments, _COLLECTION) or (known[0] if len(known) == 1 else "")
    if collection not in known:
        raise KnownError(
            "There are no sales of this collection." if collection else "Which collection is it?",
            f"Known: {', '.join(known)}." if known else "Import its sales under Market data.",
        )
    sales, traits, unit, others = context.library.sales(collection)
    marks = {
        item: frozenset(f"{kind}: {trait}" for kind, trait in found.items())
        for item, found in traits.items()
    }
    item = str(arguments["item"]).lstrip("#")
    floor = arguments.get("floor")
    on = datetime.combine(context.today, time(23, 59, 59), UTC)
    found = value(prepare(sales, marks), item, on, floor if isinstance(floor, Decimal) else None)
    sheet = Sheet(f"{collection} {item}", context.currency)
    for label, price in (
        ("low", found.low), ("middle", found.mid), ("high", found.high),
        ("level of the collection", found.level), ("floor of recent sales", found.observed_floor),
        ("last sale", found.last_sale),
    ):  # fmt: skip
        if price is not None:
            shown = round(price, 4)
            sheet.number(label, shown, f"{shown.normalize():f} {unit}")
    if found.trait_premium is not None:
        sheet.percent("premium of its traits", found.trait_premium - 1, sign=True)
    sheet.number("sales in 30 days", found.sales_30d, str(found.sales_30d))
    for warning in found.warnings:
        sheet.note(warning)
    if others:
        sheet.note(f"Left out: {others} sales in other currencies than {unit}.")
    sheet.note("An NFT is in no total of the portfolio: what it brings is known when it is sold.")
    shown_sales = sorted(sales, key=lambda sale: sale.time)[-_SHOWN:]
    series = Series(
        collection, tuple(sale.time.date().isoformat() for sale in shown_sales),
        tuple(float(sale.price) for sale in shown_sales),
    )  # fmt: skip
    chart = ChartCard(f"Last sales of {collection}", "line", (series,), unit, found.method, False)
    return sheet.result(sheet.card(found.method, False), chart)


def _reads(found: Recognised) -> Read:
    """ "#7804" is the item, else the first number; what follows "floor" is the floor."""
    item, floor = _ITEM_SAID.search(found.text), _FLOOR_SAID.search(found.text)
    return {
        _ITEM.name: (item[1] or item[2]) if item else None,
        _FLOOR.name: Decimal(floor[1]) if floor else None,
    }


def _offers(context: ToolContext) -> Offers:
    return {"collection": tuple(context.library.collections())}


def _defaults(context: ToolContext) -> Arguments:
    """An item that is held, of a collection whose sales are known; else the first collection."""
    known = context.library.collections()
    named = {name.upper(): name for name in known}
    held = holdings(context.linked, context.today) if context.transactions else {}
    owned = (asset.split("#", 1) for asset in sorted(held) if is_nft(asset) and held[asset] > 0)
    for collection, item in owned:
        if collection.upper() in named:
            return {_COLLECTION.name: named[collection.upper()], _ITEM.name: item}
    return {_COLLECTION.name: known[0]} if known else {}


def _lacks(context: ToolContext) -> str:
    if context.library.collections():
        return ""
    return "An item is valued by the past sales of its collection: import them under Market data."


NFT_VALUE = Analysis(
    Tool(
        "nft_value",
        "The range of what an NFT would sell for, from past sales and traits.",
        (_COLLECTION, _ITEM, _FLOOR),
        nft_value,
        "what {collection} {item} would sell for",
        advice=True,
        headline="middle",
    ),
    "NFTs",
    "NFT values",
    "A range from the last sale, traits, recency and liquidity: never one number.",
    (
        r"\bnfts?\b.{0,30}\b(?:worth|value|price|sell)\b",
        r"\b(?:worth|value)\b.{0,30}\bnft\b",
        r"\b[A-Za-z]\w{1,19}#\d{1,10}\b",
    ),
    _offers,
    _reads,
    _defaults,
    _lacks,
)
