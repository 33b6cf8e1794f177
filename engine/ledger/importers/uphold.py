"""Uphold's transactions: the origin is what left, the destination what arrived, fees taken off."""

import re
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, exchange
from engine.ledger.importers.movements import MOVED, movement
from engine.ledger.importers.rowwise import LeftOut, require_done, row_by_row, unknown
from engine.ledger.importers.times import existing_time, month_number
from engine.ledger.importers.trades import read_fee

_REQUIRED = frozenset(
    {"date", "destination", "destination amount", "destination currency", "fee amount"}
    | {"fee currency", "origin", "origin amount", "origin currency", "status", "type"}
)
_DATE = re.compile(
    r"[A-Za-z]{3} ([A-Za-z]{3}) ([0-9]{1,2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT\+0000"
)


def _transactions(row: Row, account: str) -> list[Transaction]:
    """A row; money that becomes another currency on its way in or out does so at Uphold."""
    get = row.fields
    require_done(get["status"])
    kind = get["type"].strip().lower()
    if kind not in ("in", "out", "transfer"):
        raise unknown("type", get["type"])
    time = _time(get["date"])
    left, arrived = _amount(row, "origin"), _amount(row, "destination")
    note = f"{get['origin'].strip()} to {get['destination'].strip()}"
    if left[0] == arrived[0]:
        if kind == "transfer":
            raise LeftOut("moves within Uphold")
        return [_moved(time, account, kind, left, arrived, note)]
    trade = _exchange(row, time, account, left, arrived, note)
    if kind == "in":
        return [movement(time, account, left, MOVED, note=note), trade]
    if kind == "out":
        gone = (arrived[0], -arrived[1])
        return [trade, movement(time, account, gone, MOVED, note=note)]
    return [trade]


def _moved(
    time: datetime, account: str, kind: str, left: Amount, arrived: Amount, note: str
) -> Transaction:
    asset, fee = left[0], left[1] - arrived[1]
    if fee < 0:
        raise FieldError("more arrived than was sent")
    change = (asset, left[1] if kind == "in" else -arrived[1])
    return movement(time, account, change, MOVED, fee=(asset, fee), note=note)


def _exchange(
    row: Row, time: datetime, account: str, left: Amount, arrived: Amount, note: str
) -> Transaction:
    fee = _fee(row)
    if fee and fee[0] == left[0]:
        left = (left[0], left[1] - fee[1])
    elif fee and fee[0] == arrived[0]:
        arrived = (arrived[0], arrived[1] + fee[1])
    if left[1] <= 0:
        raise FieldError("the fee is more than the amount")
    return exchange(time, account, arrived, left, fee=fee, note=note)


def _amount(row: Row, name: str) -> Amount:
    amount = read_positive(row.fields[f"{name} amount"], f"{name} amount")
    return read_symbol(row.fields[f"{name} currency"], f"{name} currency"), amount


def _fee(row: Row) -> Amount | None:
    fee: Decimal = read_fee(row.fields["fee amount"])
    return (read_symbol(row.fields["fee currency"], "fee currency"), fee) if fee else None


def _time(text: str) -> datetime:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return read_time(text)
    parts = (int(match[number]) for number in (2, 4, 5, 6))
    return existing_time(text, int(match[3]), month_number(match[1]), *parts)


UPHOLD = Importer(
    name="Uphold",
    account="Uphold",
    columns="Date,Destination,Destination Amount,Destination Currency,Fee Amount,Fee Currency,Id,"
    "Origin,Origin Amount,Origin Currency,Status,Type",
    matches=_REQUIRED.issubset,
    read=row_by_row(_transactions),
)
