"""Coinbase Pro's account statement: each change of a balance is a row, one trade has one number."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.ledger.importers.balances import BalanceRow, unexplained
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.movements import MOVED, REWARDED, movement
from engine.ledger.importers.rowwise import readable, unknown
from engine.ledger.importers.statement import take_exchange

_REQUIRED = frozenset({"type", "amount", "balance", "amount/balance unit", "trade id", "order id"})
_TIMES = ("timestamp", "time")
_SINGLE = {"deposit": MOVED, "withdrawal": MOVED, "rebate": REWARDED}
_TRADED = frozenset({"match", "fee"})
_CONVERTED = "conversion"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row, read."""

    row: Row
    time: datetime
    type: str
    asset: str
    change: Decimal


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns) and any(name in columns for name in _TIMES)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    trades: dict[tuple[str, ...], list[_Entry]] = defaultdict(list)
    balances: list[BalanceRow] = []
    for row in readable(rows, reading):
        try:
            entry, balance = _entry(row)
            balances.append(balance)
            if entry.type in _TRADED or entry.type == _CONVERTED:
                trades[_key(entry)].append(entry)
            elif entry.type in _SINGLE:
                change = (entry.asset, entry.change)
                reading.take(
                    row,
                    movement(entry.time, account, change, _SINGLE[entry.type], note=entry.type),
                )
            else:
                raise unknown("type", row.fields["type"])
        except FieldError as error:
            reading.refuse([row], str(error))
    for entries in trades.values():
        note = _CONVERTED if entries[0].type == _CONVERTED else "trade"
        take_exchange(
            [entry.row for entry in entries],
            (entries[0].time, account, note),
            [(entry.asset, entry.change) for entry in entries if entry.type != "fee"],
            [(entry.asset, -entry.change) for entry in entries if entry.type == "fee"],
            reading,
        )
    reading.warnings.extend(unexplained(balances, "Coinbase Pro"))


def _entry(row: Row) -> tuple[_Entry, BalanceRow]:
    get = row.fields
    time = read_time(next(get[name] for name in _TIMES if name in get))
    asset = read_symbol(get["amount/balance unit"], "unit")
    change = read_number(get["amount"], "amount")
    stated = get["balance"].strip()
    balance = read_number(stated, "balance") if stated else None
    pocket = (asset, get.get("portfolio", "").strip())
    entry = _Entry(row, time, get["type"].strip().lower(), asset, change)
    return entry, BalanceRow(pocket, time, change, balance)


def _key(entry: _Entry) -> tuple[str, ...]:
    """What the rows of one trade share; numbers of trades are unique within an order only."""
    get = entry.row.fields
    number = get["trade id"].strip()
    if entry.type == _CONVERTED:
        return get.get("portfolio", ""), _CONVERTED, number or entry.time.isoformat()
    if not number:
        raise FieldError("no number of the trade")
    return get.get("portfolio", ""), get["order id"].strip(), number


COINBASE_PRO = Importer(
    name="Coinbase Pro",
    account="Coinbase Pro",
    columns="Portfolio,Type,Timestamp,Amount,Balance,Amount/balance unit,Transfer id,Trade id,"
    "Order id",
    matches=_matches,
    read=_read,
)
