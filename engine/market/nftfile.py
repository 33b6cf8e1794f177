"""Importing sales of NFTs, and handing them to the valuation in engine/analytics/nft.py."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from engine.analytics.nft import Sale
from engine.core.csvfile import Row, clean_text
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time, read_positive, read_symbol, read_time
from engine.core.money import to_text
from engine.core.steps import Step
from engine.market.files.tables import (
    Columns,
    DataTable,
    FilePreview,
    Given,
    cell,
    find_columns,
    first_and_last,
    readable,
)
from engine.store.nft_sales import NftSale

T = TypeVar("T")

FORMATS = (
    "A file of NFT sales needs the columns collection, token, date and price; currency and traits "
    "are read where they are."
)
MOST_TRAITS = 100

_NAMES = {
    "day": ("timestamp", "date", "time", "day", "datetime"),
    "collection": ("collection", "collection name"),
    "token": ("token id", "tokenid", "token", "item", "nft", "id"),
    "price": ("price", "sale price"),
    "price_eth": ("price (in eth)", "price eth", "price in eth"),
    "currency": ("currency", "price currency", "payment token"),
    "traits": ("traits", "attributes"),
}
_LENGTH = 100


@dataclass(frozen=True, slots=True)
class SalePreview(FilePreview):
    """What importing a file of NFT sales would store; duplicates: rows that are stored already."""

    rows: tuple[NftSale, ...]
    duplicates: int
    collections: tuple[str, ...]


def sale_columns(columns: tuple[str, ...]) -> Columns | None:
    """Which column holds what, or None if these are no sales of single items."""
    found = find_columns(_NAMES, columns)
    single = {"collection", "price_eth"} & found.keys() or found.get("token") in (
        "token id",
        "tokenid",
    )
    priced = {"price", "price_eth"} & found.keys()
    return found if {"day", "token"} <= found.keys() and single and priced else None


def read_sales(
    table: DataTable[T],
    columns: Columns,
    given: Given,
    existing: Callable[[Sequence[str]], set[str]],
    now: datetime,
    step: Step,
) -> SalePreview:
    """The sales of a table whose columns are known.

    given.asset: the collection, where no column names it. existing: those of some row hashes that
    are stored. Raises KnownError.
    """
    collection = clean_text(given.asset or "", _LENGTH)
    currency = given.unit()
    if "collection" not in columns and not collection:
        raise KnownError(
            f"{table.name} does not say which collection these sales are of.",
            "Name the collection when importing it, or add a column called collection.",
        )
    if not {"currency", "price_eth"} & columns.keys() and currency is None:
        raise KnownError(
            f"{table.name} does not say in which currency its prices are.",
            "Name the currency when importing it, or add a column called currency.",
        )

    def read(row: Row) -> NftSale:
        return _sale(row, columns, collection, currency, now)

    taken, refused = readable(table, read, step)
    hashed = _hashed(taken)
    stored = existing([sale.row_hash for sale in hashed])
    rows = tuple(sale for sale in hashed if sale.row_hash not in stored)
    first, last = first_and_last(sale.time.date() for sale in rows)
    return SalePreview(
        file_name=table.facts.name,
        file_hash=table.facts.sha256,
        what=table.facts.what,
        unit=table.facts.unit,
        first=first,
        last=last,
        refused=tuple(refused),
        warnings=(),
        rows=rows,
        duplicates=len(hashed) - len(rows),
        collections=tuple(sorted({sale.collection for sale in rows})),
    )


def as_sales(
    stored: Sequence[NftSale],
) -> tuple[list[Sale], dict[str, dict[str, str]], str, int]:
    """Stored sales of one collection as the valuation takes them.

    Gives the sales in the currency most of them are in, the traits of each item, that currency,
    and the number of sales left out because they are in another.
    """
    if not stored:
        return [], {}, "", 0
    ((currency, count),) = Counter(sale.currency for sale in stored).most_common(1)
    traits: dict[str, dict[str, str]] = {}
    for sale in stored:
        if sale.traits:
            traits.setdefault(sale.token, {}).update(sale.traits)
    sales = [
        Sale(sale.token, sale.time, sale.price) for sale in stored if sale.currency == currency
    ]
    return sales, traits, currency, len(stored) - count


def _sale(
    row: Row, columns: Columns, collection: str, currency: str | None, now: datetime
) -> NftSale:
    moment = read_time(cell(row, columns, "day"))
    check_time(moment, now)
    name = clean_text(cell(row, columns, "collection"), _LENGTH) or collection
    if not name:
        raise FieldError("no collection")
    token = clean_text(cell(row, columns, "token"), _LENGTH)
    if not token:
        raise FieldError("no token")
    unit = cell(row, columns, "currency")
    symbol = read_symbol(unit, "currency") if unit else currency
    text = cell(row, columns, "price")
    if not text and "price_eth" in columns:
        text, symbol = cell(row, columns, "price_eth"), "ETH"
    if symbol is None:
        raise FieldError("no currency; name it when importing, or add a currency column")
    price = read_positive(text, "price")
    return NftSale(name, token, moment, price, symbol, _traits(cell(row, columns, "traits")))


def _traits(text: str) -> tuple[tuple[str, str], ...]:
    """Traits from {"Hat": "Red"}, [{"trait_type": "Hat", "value": "Red"}], ["Pipe"], Hat:Red;Pipe.

    One without a kind is its own kind, with the value "yes".
    """
    if not text:
        return ()
    if text[0] in "[{":
        try:
            pairs = _pairs(json.loads(text))
        except (ValueError, RecursionError):
            raise FieldError("the traits are not JSON") from None
    else:
        pairs = [_pair(*part.partition(":")) for part in text.split(";") if part.strip()]
    if len(pairs) > MOST_TRAITS:
        raise FieldError(f"it has more than {MOST_TRAITS} traits")
    known = {clean_text(kind, _LENGTH): clean_text(value, _LENGTH) for kind, value in pairs}
    return tuple(sorted((kind, value) for kind, value in known.items() if kind and value))


def _pair(kind: str, colon: str, value: str) -> tuple[str, str]:
    return (kind, value) if colon else (kind, "yes")


def _pairs(data: Any) -> list[tuple[str, str]]:
    if isinstance(data, Mapping):
        return [(str(kind), _plain(value)) for kind, value in data.items()]
    pairs = []
    for entry in data if isinstance(data, list) else [data]:
        if isinstance(entry, Mapping):
            kind = entry.get("trait_type") or entry.get("type") or ""
            pairs.append((_plain(kind), _plain(entry.get("value"))))
        else:
            pairs.append((_plain(entry), "yes"))
    return pairs


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _hashed(sales: Sequence[NftSale]) -> list[NftSale]:
    """The sales with their hashes: of what each says, and how often the file has said it."""
    seen: Counter[str] = Counter()
    hashed = []
    for sale in sales:
        parts = [sale.collection, sale.token, sale.time.isoformat(), to_text(sale.price)]
        content = json.dumps([*parts, sale.currency])
        seen[content] += 1
        digest = hashlib.sha256(f"{content}|{seen[content]}".encode()).hexdigest()
        hashed.append(replace(sale, row_hash=digest))
    return hashed
