"""Trezor Suite's transactions of one account, separated by semicolons, in both generations.

The older one does not name the coin, which stands in the file's name ("export-btc-1612345678.csv"),
nor the zone of its times. A row that was received names the fee of the sender, which is not yours.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, Reading
from engine.ledger.importers.contracts import by_contract, read_address
from engine.ledger.importers.dates import DateOrder, order_of, read_date
from engine.ledger.importers.movements import CHARGED, MOVED, movement
from engine.ledger.importers.rowwise import LeftOut, readable, row_by_row, unknown
from engine.ledger.importers.trades import read_fee

_OLD_DATE = "date & time"
_REQUIRED = frozenset({"type", "transaction id", "fee"})
_OLD = _REQUIRED | {_OLD_DATE, "addresses", "total"}
_NEW = _REQUIRED | {"timestamp", "fee unit", "address", "amount", "amount unit"}
_COIN_IN_NAME = re.compile(r"[^-]+-([a-zA-Z]{2,5})-.*")
_ZONE = "Times are read as UTC; this file does not say in which zone they are."


def _matches(columns: tuple[str, ...]) -> bool:
    return _OLD.issubset(columns) or _NEW.issubset(columns)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    kept = list(readable(rows, reading))
    if not kept or _OLD_DATE not in kept[0].fields:
        row_by_row(_transactions)(kept, account, reading)
        return
    order = order_of(row.fields[_OLD_DATE] for row in kept)
    match = _COIN_IN_NAME.fullmatch(reading.file_name)
    coin = match[1].upper() if match else ""
    row_by_row(lambda row, account: _old(row, account, order, coin))(kept, account, reading)
    reading.warnings.append(_ZONE)


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    fee = read_fee(get["fee"])
    fee_unit = read_symbol(get["fee unit"], "fee unit") if fee else ""
    amount = None
    if get["amount"].strip():
        amount = (_unit(get["amount unit"]), read_positive(get["amount"], "amount"))
    paid = (fee_unit, fee) if fee else None
    return _moved(row, (read_time(get["timestamp"]), account), amount, paid)


def _old(row: Row, account: str, order: DateOrder | None, coin: str) -> list[Transaction]:
    get = row.fields
    if not coin:
        raise FieldError(
            "neither the row nor the file's name (export-btc-….csv) says which coin it is about"
        )
    fee = read_fee(get["fee"])
    amount = (coin, read_positive(get["total"], "total"))
    time = read_date(get[_OLD_DATE], order)
    return _moved(row, (time, account), amount, (coin, fee) if fee else None)


def _moved(
    row: Row, what: tuple[datetime, str], amount: Amount | None, fee: Amount | None
) -> list[Transaction]:
    """What a row did; amount: without the fee, None for a row without one."""
    time, account = what
    kind = row.fields["type"].strip().upper()
    note = f"{kind.lower()} {row.fields['transaction id'].strip()}"
    if kind == "RECV":
        if amount is None:
            raise FieldError("no amount")
        return [movement(time, account, amount, MOVED, note=note)]
    if kind not in ("SENT", "SELF", "FAILED"):
        raise unknown("type", row.fields["type"])
    if kind == "SENT" and amount is not None:
        sent = (amount[0], -amount[1])
        return [movement(time, account, sent, MOVED, fee=fee, note=note)]
    if fee is None:
        raise LeftOut("rows that change nothing")
    return [movement(time, account, (fee[0], -fee[1]), CHARGED, note=note)]


def _unit(text: str) -> str:
    """A coin's symbol; a token without one is named by its contract."""
    if text.strip().lower().startswith("0x"):
        return by_contract(read_address(text, "unit"))
    return read_symbol(text, "unit")


TREZOR = Importer(
    name="Trezor Suite",
    account="Trezor",
    columns="Timestamp,Date,Time,Type,Transaction ID,Fee,Fee unit,Address,Label,Amount,"
    "Amount unit,Fiat (USD),Other",
    matches=_matches,
    read=_read,
)
