"""OKX's trading history, both generations, and the history of its funding account.

In the trading history a change of a balance is a row, after the fee; rows of one order are one
trade. Times are in a zone that stands above the header only.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.ledger.importers.balances import BalanceRow, unexplained
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.movements import (
    GAINED_OR_LOST,
    MOVED,
    REWARDED,
    STAKED,
    movement,
)
from engine.ledger.importers.rowwise import readable, unknown
from engine.ledger.importers.statement import take_exchange

_TRADING = frozenset({"id", "order id", "time", "trade type", "fee", "balance change", "balance"})
_FUNDING = frozenset({"id", "time", "type", "amount", "before balance", "after balance", "symbol"})
_DERIVATIVES = frozenset(
    {"swap", "perpetual", "perpetual swap", "futures", "expiry futures", "option", "options"}
)
_MEANINGS = {
    "deposit": MOVED,
    "withdrawal": MOVED,
    "staking yield": STAKED,
    "fee rebate": REWARDED,
}
_INTERNAL = frozenset(
    {
        "from unified trading account",
        "redeem staking",
        "savings redemption",
        "savings subscription",
        "stake",
        "to unified trading account",
    }
)
_ZONE = "Times are read as UTC; OKX names the zone of the file in its first line."
_WITHIN = "moves within OKX"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row of the trading history, read; change is after the fee, which is what was paid."""

    row: Row
    time: datetime
    trade_type: str
    asset: str
    change: Decimal
    fee: Decimal


def _unit(columns: Iterable[str]) -> str | None:
    """The column of the balance's unit; the older generation has two named alike, its is last."""
    return next((name for name in ("balance unit", "unit 2") if name in columns), None)


def _matches_trading(columns: tuple[str, ...]) -> bool:
    return _TRADING.issubset(columns) and _unit(columns) is not None


def _read_trading(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    orders: dict[str, list[_Entry]] = defaultdict(list)
    balances: list[BalanceRow] = []
    for row in readable(rows, reading):
        try:
            entry, balance = _entry(row)
            balances.append(balance)
            if entry.trade_type == "transfer":
                reading.leave_out(_WITHIN)
            elif entry.trade_type == "spot":
                orders[row.fields["order id"].strip() or row.fields["id"]].append(entry)
            elif entry.trade_type in _DERIVATIVES:
                change = (entry.asset, entry.change)
                if entry.change:
                    note = row.fields["trade type"]
                    taken = movement(entry.time, account, change, GAINED_OR_LOST, note=note)
                    reading.take(row, taken)
                else:
                    reading.leave_out("rows that change nothing")
            else:
                raise unknown("trade type", row.fields["trade type"])
        except FieldError as error:
            reading.refuse([row], str(error))
    for entries in orders.values():
        take_exchange(
            [entry.row for entry in entries],
            (min(entry.time for entry in entries), account, "trade"),
            [(entry.asset, entry.change + entry.fee) for entry in entries],
            [(entry.asset, entry.fee) for entry in entries],
            reading,
        )
    reading.warnings.extend((_ZONE, *unexplained(balances, "OKX")))


def _entry(row: Row) -> tuple[_Entry, BalanceRow]:
    get = row.fields
    time = read_time(get["time"])
    asset = read_symbol(get[_unit(get) or ""], "unit of the balance")
    change = read_number(get["balance change"], "change of the balance")
    fee = -read_number(get["fee"], "fee") if get["fee"].strip() else Decimal(0)
    if fee and get.get("fee unit", "").strip().upper() not in ("", asset):
        raise FieldError("the fee was paid in another coin than the row is about")
    balance = read_number(get["balance"], "balance") if get["balance"].strip() else None
    kind = get["trade type"].strip().lower()
    return _Entry(row, time, kind, asset, change, fee), BalanceRow(
        (asset, ""), time, change, balance
    )


def _read_funding(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    balances: list[BalanceRow] = []
    for row in readable(rows, reading):
        get = row.fields
        kind = get["type"].strip().lower()
        try:
            time = read_time(get["time"])
            asset = read_symbol(get["symbol"])
            change = read_number(get["amount"], "amount")
            balance = read_number(get["after balance"], "balance")
            balances.append(BalanceRow((asset, ""), time, change, balance))
            if kind in _INTERNAL:
                reading.leave_out(_WITHIN)
                continue
            if kind not in _MEANINGS:
                raise unknown("type", get["type"])
            if get.get("fee", "").strip("0. "):
                raise FieldError("it does not say whether the fee is part of the amount")
            taken = movement(time, account, (asset, change), _MEANINGS[kind], note=get["type"])
            reading.take(row, taken)
        except FieldError as error:
            reading.refuse([row], str(error))
    reading.warnings.extend((_ZONE, *unexplained(balances, "OKX")))


OKX = Importer(
    name="OKX trading history",
    account="OKX",
    columns="id,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,"
    "Position Balance,Balance Change,Balance,Unit",
    matches=_matches_trading,
    read=_read_trading,
)
OKX_FUNDING = Importer(
    name="OKX funding history",
    account="OKX",
    columns="id,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol",
    matches=_FUNDING.issubset,
    read=_read_funding,
)
