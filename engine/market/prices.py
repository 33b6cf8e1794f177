"""Importing price history from CSV: a date, a symbol and a price, or whole OHLCV candles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine.core.clock import Clock, SystemClock
from engine.core.csvfile import NAME_LENGTH, RefusedRow, Row, clean_text, find_table
from engine.core.csvtext import CsvFile, open_csv
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time, read_positive, read_symbol, read_time
from engine.core.records import FIAT, PricePoint
from engine.core.steps import Step, unwatched

FORMATS = (
    "A price file needs a date column (date, time, timestamp) and a price column (price, close); "
    "symbol, currency, open, high, low and volume are read where they are."
)

_NAMES = {
    "day": ("date", "day", "time", "timestamp", "datetime", "snapped at", "unix"),
    "close": ("close", "price", "close price", "closing price"),
    "symbol": ("symbol", "asset", "coin", "ticker", "pair"),
    "currency": ("currency", "price currency", "quote currency", "quote"),
    "open": ("open", "open price"),
    "high": ("high", "high price"),
    "low": ("low", "low price"),
    "volume": ("volume", "volume usd", "total volume"),
}


@dataclass(frozen=True, slots=True)
class PricePreview:
    """What importing a price file would store; first and last are None without rows."""

    file_name: str
    file_hash: str
    rows: tuple[PricePoint, ...]
    refused: tuple[RefusedRow, ...]
    assets: tuple[str, ...]
    first: date | None
    last: date | None
    warnings: tuple[str, ...]


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
    table = find_table(open_csv(path), _columns, FORMATS)
    columns = table.kind
    if "symbol" not in columns and asset is None:
        raise KnownError(
            f"{path.name} has no symbol column, so it does not say whose prices these are.",
            "Name the asset when importing it, or add a column called symbol.",
        )
    if not {"symbol", "currency"} & columns.keys() and currency is None:
        raise KnownError(
            f"{path.name} does not say in which currency its prices are.",
            "Name the currency when importing it, or add a column called currency.",
        )
    defaults = _Defaults(
        _given(asset, "asset") if asset else None,
        _given(currency, "currency") if currency else None,
    )
    now = (clock or SystemClock()).now()
    points: dict[tuple[str, str, date], tuple[datetime, PricePoint]] = {}
    refused: list[RefusedRow] = []
    repeated = 0
    for row in table.rows(step):
        if isinstance(row, RefusedRow):
            refused.append(row)
            continue
        try:
            moment, point = _point(row, columns, defaults, now)
        except FieldError as error:
            refused.append(row.refused(str(error)))
            continue
        key = (point.asset, point.currency, point.day)
        before = points.get(key)
        if before:
            repeated += 1
        if before is None or moment >= before[0]:
            points[key] = (moment, point)
    return _preview(table.file, points, refused, repeated)


def _given(text: str, name: str) -> str:
    try:
        return read_symbol(text, name)
    except FieldError as error:
        sentence = f"{error}."
        raise KnownError(
            sentence[:1].upper() + sentence[1:], "A symbol looks like BTC or USD."
        ) from error


@dataclass(frozen=True, slots=True)
class _Defaults:
    asset: str | None
    currency: str | None


def _columns(columns: tuple[str, ...]) -> Mapping[str, str] | None:
    """Which column holds what, or None if there is no date or no price."""
    found = {}
    for role, names in _NAMES.items():
        column = next((name for name in names if name in columns), None)
        if column is not None:
            found[role] = column
    return found if {"day", "close"} <= found.keys() else None


def _point(
    row: Row, columns: Mapping[str, str], defaults: _Defaults, now: datetime
) -> tuple[datetime, PricePoint]:
    def text(role: str) -> str:
        return row.fields[columns[role]].strip() if role in columns else ""

    moment = read_time(text("day"))
    check_time(moment, now)
    asset, currency = _names(text("symbol"), text("currency"), defaults)
    values = {
        role: read_positive(text(role), role) if text(role) else None
        for role in ("open", "high", "low")
    }
    volume = text("volume")
    point = PricePoint(
        asset=asset,
        currency=currency,
        day=moment.date(),
        close=read_positive(text("close"), "price"),
        open=values["open"],
        high=values["high"],
        low=values["low"],
        volume=read_positive(volume, "volume") if volume.strip("0.") else None,
        source="import",
    )
    if point.high is not None and point.low is not None and point.high < point.low:
        raise FieldError("the high is below the low")
    return moment, point


def _names(symbol: str, currency: str, defaults: _Defaults) -> tuple[str, str]:
    """Asset and currency; a pair such as BTC/USD or BTC-EUR names both."""
    for mark in ("/", "-"):
        base, _, quote = symbol.upper().partition(mark)
        if base and quote in FIAT:
            symbol, currency = base, currency or quote
    asset = read_symbol(symbol, "symbol") if symbol else defaults.asset
    unit = read_symbol(currency, "currency") if currency else defaults.currency
    if asset is None:
        raise FieldError("no symbol")
    if unit is None:
        raise FieldError("no currency; name it when importing, or add a currency column")
    if asset == unit:
        raise FieldError(f"it prices {asset} in itself")
    return asset, unit


def _preview(
    file: CsvFile,
    points: Mapping[tuple[str, str, date], tuple[datetime, PricePoint]],
    refused: list[RefusedRow],
    repeated: int,
) -> PricePreview:
    rows = tuple(points[key][1] for key in sorted(points))
    if not rows and not refused:
        raise KnownError(f"{file.path.name} holds no rows below its header.", "Export it again.")
    return PricePreview(
        file_name=clean_text(file.path.name, NAME_LENGTH),
        file_hash=file.sha256,
        rows=rows,
        refused=tuple(refused),
        assets=tuple(sorted({row.asset for row in rows})),
        first=min((row.day for row in rows), default=None),
        last=max((row.day for row in rows), default=None),
        warnings=(
            (f"Left out {repeated:,}: prices of a day that has a later one.",) if repeated else ()
        ),
    )
