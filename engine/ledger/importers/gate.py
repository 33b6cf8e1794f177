"""Gate's billing details: each change of a balance is a row, rows of one order share its number.

Placing an order takes the coins out, cancelling it brings them back; what is left is the trade.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.ledger.importers.balances import BalanceRow, unexplained
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.movements import AIRDROPPED, INTEREST, MOVED, REWARDED, movement
from engine.ledger.importers.rowwise import readable, unknown
from engine.ledger.importers.statement import take_exchange

_REQUIRED = frozenset({"time", "action desc", "action data", "type", "change amount", "total"})
_FEES = frozenset({"trade fee", "trading fees"})
_ORDERS = _FEES | {
    "dust swap-gt added",
    "dust swap-small balances deducted",
    "order cancelled",
    "order canceled",
    "order filled",
    "order fulfilled",
    "order fullfilled",  # as Gate spells it
    "order placed",
}
_MEANINGS = {
    "airdrop": AIRDROPPED,
    "airdrop bonus": AIRDROPPED,
    "deposit": MOVED,
    "deposits": MOVED,
    "hodl interest": INTEREST,
    "interest income": INTEREST,
    "referral superior rebate": REWARDED,
    "withdraw": MOVED,
    "withdrawals": MOVED,
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row, read."""

    row: Row
    time: datetime
    action: str
    asset: str
    change: Decimal


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    orders: dict[str, list[_Entry]] = defaultdict(list)
    balances: list[BalanceRow] = []
    for row in readable(rows, reading):
        try:
            entry, balance = _entry(row)
            balances.append(balance)
            if entry.action in _ORDERS:
                number = row.fields["action data"].strip()
                orders[number or f"line {row.line}"].append(entry)
            elif entry.action in _MEANINGS:
                change, note = (entry.asset, entry.change), row.fields["action desc"]
                meaning = _MEANINGS[entry.action]
                reading.take(row, movement(entry.time, account, change, meaning, note=note))
            else:
                raise unknown("action", row.fields["action desc"])
        except FieldError as error:
            reading.refuse([row], str(error))
    for entries in orders.values():
        _order(entries, account, reading)
    reading.warnings.extend(unexplained(list(_running(balances)), "Gate"))


def _entry(row: Row) -> tuple[_Entry, BalanceRow]:
    get = row.fields
    time = read_time(get["time"])
    asset = read_symbol(get["type"], "coin")
    change = read_number(get["change amount"], "change")
    total = read_number(get["total"], "total") if get["total"].strip() else None
    entry = _Entry(row, time, get["action desc"].strip().lower(), asset, change)
    return entry, BalanceRow((asset, ""), time, change, total)


def _order(entries: list[_Entry], account: str, reading: Reading) -> None:
    if len({entry.asset for entry in entries}) == 1 and not sum(e.change for e in entries):
        reading.leave_out("orders that were cancelled", len(entries))
        return
    take_exchange(
        [entry.row for entry in entries],
        (min(entry.time for entry in entries), account, "trade"),
        [(entry.asset, entry.change) for entry in entries if entry.action not in _FEES],
        [(entry.asset, -entry.change) for entry in entries if entry.action in _FEES],
        reading,
    )


def _running(balances: list[BalanceRow]) -> Iterator[BalanceRow]:
    """The rows of coins whose total follows their changes.

    Some files state totals that leave out coins bound in orders or count other wallets; these say
    nothing about missing rows.
    """
    pockets: dict[tuple[str, str], list[BalanceRow]] = defaultdict(list)
    for row in balances:
        pockets[row.pocket].append(row)
    for rows in pockets.values():
        # The newest row may come first; then a row starts from the total of the next one.
        ends = rows if rows[0].time <= rows[-1].time else rows[::-1]
        steps = [
            one.balance is not None
            and other.balance is not None
            and other.balance - one.balance == other.change
            for one, other in pairwise(ends)
        ]
        if 2 * sum(steps) >= len(steps):
            yield from ends


GATE = Importer(
    name="Gate billing details",
    account="Gate",
    columns="no,time,action_desc,action_data,type,change_amount,amount,total",
    matches=_REQUIRED.issubset,
    read=_read,
)
