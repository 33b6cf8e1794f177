"""KuCoin's spot trades. Newer files name the time zone in the header, older ones are in UTC+8."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number
from engine.core.records import Transaction
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.pairs import split_pair
from engine.ledger.importers.rowwise import LeftOut, require_done, row_by_row
from engine.ledger.importers.times import header_zone, read_local
from engine.ledger.importers.trades import TradeColumns, read_trade

_OLD_ZONE = "+08:00"
_ASSUMED = "The file names no time zone: its times are read as UTC+8, KuCoin's own."


def _split(text: str, hints: tuple[str, ...]) -> tuple[str, str]:
    return split_pair(text, frozenset(), hints)


def _old_clock(text: str) -> datetime:
    return read_local(text.replace("/", "-"), _OLD_ZONE)


_SECOND = TradeColumns(
    time="tradecreatedat",
    pair="symbol",
    side="side",
    amount="size",
    total="funds",
    fee="fee",
    fee_asset="feecurrency",
    split=_split,
    clock=_old_clock,
)
_FIRST = TradeColumns(
    time="time",
    pair="pair",
    side="side",
    amount="amount",
    total="volume",
    fee="fee",
    fee_asset="feecoin",
    split=_split,
    clock=_old_clock,
)


def _columns(columns: tuple[str, ...]) -> TradeColumns | None:
    for old in (_SECOND, _FIRST):
        if old.required.issubset(columns):
            return old
    for name in columns:
        if name.startswith("filled time"):
            zone = header_zone(name) or _OLD_ZONE
            newest = TradeColumns(
                time=name,
                pair="symbol",
                side="side",
                amount="filled amount",
                total="filled volume",
                fee="fee",
                fee_asset="fee currency",
                split=_split,
                clock=partial(read_local, offset=zone),
            )
            return newest if newest.required.issubset(columns) else None
    return None


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    found: TradeColumns | None = None

    def make(row: Row, account: str) -> list[Transaction]:
        nonlocal found
        found = found or _columns(tuple(row.fields))
        if found is None:
            raise ValueError("the rows do not have the header that was matched")
        if row.fields.get("uid", "").lower().startswith("no matching records"):
            raise LeftOut("lines that say there is nothing")
        if "status" in row.fields:
            require_done(row.fields["status"])
        tax = row.fields.get("tax", "").strip()
        if tax and read_number(tax, "tax"):
            raise FieldError("a tax was taken; it does not say in what")
        return [read_trade(row, found, account)]

    row_by_row(make)(rows, account, reading)
    if found and not header_zone(found.time):
        reading.warnings.append(_ASSUMED)


KUCOIN = Importer(
    name="KuCoin trades",
    account="KuCoin",
    columns="UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,"
    "Filled Volume,Filled Volume (USDT),Filled Time(UTC+00:00),Fee,Tax,Maker/Taker,Fee Currency",
    matches=lambda columns: _columns(columns) is not None,
    read=_read,
)
