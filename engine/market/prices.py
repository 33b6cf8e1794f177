"""Importing price history: a date, a symbol and a price, or whole OHLCV candles."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from engine.core.clock import Clock, SystemClock
from engine.core.csvfile import RefusedRow, Row
from engine.core.errors import KnownError
from engine.core.fields import (
    FieldError,
    check_time,
    read_number,
    read_positive,
    read_symbol,
    read_time,
)
from engine.core.records import FIAT, PricePoint
from engine.core.steps import Step, unwatched
from engine.market.files.saved import SavedPrices, saved_prices
from engine.market.files.tables import (
    Columns,
    DataFile,
    DataTable,
    FileFacts,
    FilePreview,
    Given,
    cell,
    find_columns,
    first_and_last,
    open_file,
    readable,
)
from engine.market.sources.coingecko import closed_day

T = TypeVar("T")

FORMATS = (
    "A price file needs a date column (date, time, timestamp) and a price column (price, close); "
    "symbol, currency, open, high, low and volume are read where they are."
)

_SHOWN_DROPPED = 20
_NAMES = {
    "day": ("date", "day", "time", "timestamp", "datetime", "snapped at", "unix", "open time"),
    "close": ("close", "price", "close price", "closing price"),
    "symbol": ("symbol", "asset", "coin", "ticker", "pair"),
    "currency": ("currency", "price currency", "quote currency", "quote"),
    "open": ("open", "open price"),
    "high": ("high", "high price"),
    "low": ("low", "low price"),
    "volume": ("volume",),
}
_SNAPPED_AT = "snapped at"
"""The column of CoinGecko's own CSV files, which hold what its market_chart replies hold."""


@dataclass(frozen=True, slots=True)
class PricePreview(FilePreview):
    """What importing a price file would store."""

    rows: tuple[PricePoint, ...]
    assets: tuple[str, ...]


def preview_prices(
    path: Path,
    currency: str | None = None,
    asset: str | None = None,
    clock: Clock | None = None,
    step: Step = unwatched,
) -> PricePreview:
    """Dry run of a price import.

    currency, asset: used where the file has no such column; a file name is never trusted for
    them. step: told how far the reading is. Raises KnownError if the file as a whole cannot be
    used.
    """
    file = open_file(path)
    given, now = Given(asset, currency), (clock or SystemClock()).now()
    form = saved_prices(file.data)
    if form is not None:
        return read_saved_prices(file, form, given, now)
    table = file.table(price_columns, FORMATS)
    return read_prices(table, table.kind, given, now, step)


def price_columns(columns: tuple[str, ...]) -> Columns | None:
    """Which column holds what, or None if there is no date or no price."""
    found = find_columns(_NAMES, columns)
    return found if {"day", "close"} <= found.keys() else None


def read_prices(
    table: DataTable[T], columns: Columns, given: Given, now: datetime, step: Step
) -> PricePreview:
    """The prices of a table whose columns are known; see `preview_prices`."""
    asset, currency = given.symbol(), given.unit() or given.usual
    if "symbol" not in columns and asset is None:
        raise _no_symbol(table.name)
    if not {"symbol", "currency"} & columns.keys() and currency is None:
        raise _no_currency(table.name)

    def read(row: Row) -> tuple[datetime, PricePoint]:
        return _point(row, columns, asset, currency, now)

    taken, refused = readable(table, read, step)
    # Stable: of several at the same moment the last in the file counts.
    taken.sort(key=lambda pair: pair[0])
    points = {(point.asset, point.currency, point.day): point for _, point in taken}
    repeated = len(taken) - len(points)
    return _preview(
        table.facts,
        tuple(points[key] for key in sorted(points)),
        tuple(refused),
        (f"Left out {repeated:,}: prices of a day that has a later one.",) if repeated else (),
    )


def read_saved_prices(
    file: DataFile, form: SavedPrices, given: Given, now: datetime
) -> PricePreview:
    """The prices of a saved reply, which names neither the asset nor the currency."""
    asset, currency = given.symbol(), given.unit() or given.usual
    if asset is None:
        raise _no_symbol(file.name)
    if currency is None:
        raise _no_currency(file.name)
    found = form.parse(file.data, asset, currency, now)
    notes = [f"Left out: {reason}." for reason in found.dropped[:_SHOWN_DROPPED]]
    if len(found.dropped) > _SHOWN_DROPPED:
        notes.append(f"Left out {len(found.dropped) - _SHOWN_DROPPED:,} more.")
    rows = tuple(sorted(found.rows, key=lambda row: row.day))
    facts = FileFacts(file.name, file.sha256, form.what, "entry")
    return _preview(facts, rows, (), tuple(notes))


def _point(
    row: Row, columns: Columns, asset: str | None, currency: str | None, now: datetime
) -> tuple[datetime, PricePoint]:
    moment = read_time(cell(row, columns, "day"))
    check_time(moment, now)
    symbol, unit = _names(
        cell(row, columns, "symbol"), cell(row, columns, "currency"), asset, currency
    )
    snapped = columns["day"] == _SNAPPED_AT
    values = {
        role: read_positive(text, role) if (text := cell(row, columns, role)) else None
        for role in ("open", "high", "low")
    }
    point = PricePoint(
        asset=symbol,
        currency=unit,
        day=closed_day(moment) if snapped else moment.date(),
        close=read_positive(cell(row, columns, "close"), "price"),
        open=values["open"],
        high=values["high"],
        low=values["low"],
        volume=_volume(cell(row, columns, "volume")),
        source="import",
    )
    if point.high is not None and point.low is not None and point.high < point.low:
        raise FieldError("the high is below the low")
    return moment, point


def _volume(text: str) -> Decimal | None:
    """A volume, which may be zero."""
    if not text:
        return None
    volume = read_number(text, "volume")
    if volume < 0:
        raise FieldError("the volume is negative")
    return volume


def _names(
    symbol: str, currency: str, given_asset: str | None, given_currency: str | None
) -> tuple[str, str]:
    """Asset and currency; a pair such as BTC/USD or BTC-EUR names both."""
    for mark in ("/", "-"):
        base, _, quote = symbol.upper().partition(mark)
        if base and quote in FIAT:
            symbol, currency = base, currency or quote
    asset = read_symbol(symbol, "symbol") if symbol else given_asset
    unit = read_symbol(currency, "currency") if currency else given_currency
    if asset is None:
        raise FieldError("no symbol")
    if unit is None:
        raise FieldError("no currency; name it when importing, or add a currency column")
    if asset == unit:
        raise FieldError(f"it prices {asset} in itself")
    return asset, unit


def _preview(
    file: FileFacts,
    rows: tuple[PricePoint, ...],
    refused: tuple[RefusedRow, ...],
    warnings: tuple[str, ...],
) -> PricePreview:
    first, last = first_and_last(row.day for row in rows)
    return PricePreview(
        file_name=file.name,
        file_hash=file.sha256,
        what=file.what,
        unit=file.unit,
        first=first,
        last=last,
        refused=refused,
        warnings=warnings,
        rows=rows,
        assets=tuple(sorted({row.asset for row in rows})),
    )


def _no_symbol(name: str) -> KnownError:
    return KnownError(
        f"{name} has no symbol column, so it does not say whose prices these are.",
        "Name the asset when importing it, or add a column called symbol.",
    )


def _no_currency(name: str) -> KnownError:
    return KnownError(
        f"{name} does not say in which currency its prices are.",
        "Name the currency when importing it, or add a column called currency.",
    )
