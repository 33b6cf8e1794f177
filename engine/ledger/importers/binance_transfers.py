"""Binance's deposits and withdrawals of coins; only withdrawals have a column for the fee.

An older export, with a column TransactionFee, does not say which of the two it is, and is not read.
"""

from engine.core.csvfile import Row
from engine.core.fields import read_positive, read_symbol
from engine.core.records import Transaction
from engine.ledger.importers.base import Importer
from engine.ledger.importers.movements import MOVED, movement
from engine.ledger.importers.rowwise import require_done, row_by_row
from engine.ledger.importers.times import header_zone, read_local
from engine.ledger.importers.trades import read_fee

_REQUIRED = frozenset({"coin", "network", "amount", "address", "txid", "status"})


def _time_column(columns: tuple[str, ...]) -> str | None:
    return next((name for name in columns if name.startswith("date(") and header_zone(name)), None)


def _matches(columns: tuple[str, ...]) -> bool:
    return (
        _REQUIRED.issubset(columns)
        and "transactionfee" not in columns
        and _time_column(columns) is not None
    )


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    require_done(get["status"])
    column = _time_column(tuple(get)) or ""
    time = read_local(get[column], header_zone(column) or "")
    asset = read_symbol(get["coin"], "coin")
    amount = read_positive(get["amount"], "amount")
    note = get["network"]
    if "fee" not in get:
        return [movement(time, account, (asset, amount), MOVED, note=note)]
    fee = (asset, read_fee(get["fee"]))
    return [movement(time, account, (asset, -amount), MOVED, fee=fee, note=note)]


BINANCE_TRANSFERS = Importer(
    name="Binance deposits and withdrawals",
    account="Binance",
    columns="Date(UTC+0),Coin,Network,Amount,Address,TXID,Status",
    matches=_matches,
    read=row_by_row(_transactions),
)
