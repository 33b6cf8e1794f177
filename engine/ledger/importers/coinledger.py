"""CoinLedger's transactions: a row for each side of one, held together by the internal number."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.ledger.importers.base import Importer, Reading, build
from engine.ledger.importers.movements import (
    AIRDROPPED,
    CHARGED,
    GAINED_OR_LOST,
    GIFT,
    INTEREST,
    MINED,
    MOVED,
    REWARDED,
    SPENT,
    STAKED,
    movement,
)
from engine.ledger.importers.rowwise import named_account, readable, unknown
from engine.ledger.importers.statement import take_exchange

_REQUIRED = frozenset(
    {"timestamp (utc)", "type", "internal id", "platform", "account name", "record type"}
    | {"asset", "amount", "description"}
)
_EXCHANGES = frozenset({"buy", "sell", "trade"})
_FEES = frozenset({"network fee", "platform fee"})
_RECORDS = _FEES | {"credit", "debit", "margin gain"}
_MEANINGS = {
    "airdrop": AIRDROPPED,
    "deposit": MOVED,
    "gift received": GIFT,
    "gift sent": GIFT,
    "hard fork": REWARDED,
    "interest": INTEREST,
    "margin gain": GAINED_OR_LOST,
    "merchant payment": SPENT,
    "mining": MINED,
    "network fee": CHARGED,
    "staking": STAKED,
    "transfer": MOVED,
    "withdrawal": MOVED,
}
_LOSSES = frozenset({"investment loss", "theft loss"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row, read."""

    row: Row
    time: datetime
    account: str
    kind: str
    record: str
    asset: str
    change: Decimal


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    trades: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for row in readable(rows, reading):
        try:
            entry = _entry(row, account)
            if entry.kind in _EXCHANGES:
                trades[entry.account, row.fields["internal id"].strip()].append(entry)
            else:
                _take(entry, reading)
        except FieldError as error:
            reading.refuse([row], str(error))
    for entries in trades.values():
        take_exchange(
            [entry.row for entry in entries],
            (entries[0].time, entries[0].account, entries[0].row.fields["description"]),
            [(entry.asset, entry.change) for entry in entries if entry.record not in _FEES],
            [(entry.asset, -entry.change) for entry in entries if entry.record in _FEES],
            reading,
        )


def _take(entry: _Entry, reading: Reading) -> None:
    """A row that stands for itself."""
    time, account, note = entry.time, entry.account, entry.row.fields["description"]
    if entry.record in _FEES:
        meaning = CHARGED
    elif entry.kind in _LOSSES:
        if entry.change >= 0:
            raise FieldError("the amount of a loss is not negative")
        lost = (entry.asset, -entry.change)
        reading.take(entry.row, build(time, "loss", account, sent=lost, note=note))
        return
    elif entry.kind in _MEANINGS:
        meaning = _MEANINGS[entry.kind]
    else:
        raise unknown("type", entry.row.fields["type"])
    change = (entry.asset, entry.change)
    reading.take(entry.row, movement(time, account, change, meaning, note=note))


def _entry(row: Row, account: str) -> _Entry:
    get = row.fields
    record = get["record type"].strip().lower()
    if record not in _RECORDS:
        raise unknown("record type", get["record type"])
    name = named_account(get["account name"], named_account(get["platform"], account))
    return _Entry(
        row,
        read_time(get["timestamp (utc)"]),
        name,
        get["type"].strip().lower(),
        record,
        read_symbol(get["asset"]),
        read_number(get["amount"], "amount"),
    )


COINLEDGER = Importer(
    name="CoinLedger",
    account="CoinLedger",
    columns="Timestamp (UTC),Type,Internal Id,Platform,Account Name,Platform Id,Blockchain Id,"
    "Record Type,Asset,Amount,Description",
    matches=_REQUIRED.issubset,
    read=_read,
)
