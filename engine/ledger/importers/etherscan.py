"""Etherscan's transactions of one address, own and internal; its sisters for other chains too.

Only what the address itself signed costs it gas, and a failed transaction costs gas only. Internal
ones are what contracts paid out or took; their gas is with the transaction that called them.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.explorer import hash_of, read_owned
from engine.ledger.importers.movements import CHARGED, MOVED, movement
from engine.ledger.importers.rowwise import LeftOut, readable

_REQUIRED = frozenset({"unixtimestamp", "from", "status", "errcode"})
_VALUE_IN = re.compile(r"value in\((\w+)\)")
_NOTHING = "transactions that failed or moved nothing, and cost the address nothing"


def _coin(columns: Iterable[str]) -> str | None:
    """The chain's coin, lower case, from the name of a column; None if there is no such one."""
    return next((match[1] for name in columns if (match := _VALUE_IN.fullmatch(name))), None)


def _matches(columns: tuple[str, ...]) -> bool:
    coin = _coin(columns)
    if coin is None or not _REQUIRED.issubset(columns) or f"value out({coin})" not in columns:
        return False
    return "txto" in columns or {"to", f"txnfee({coin})"}.issubset(columns)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    kept = list(readable(rows, reading))
    coin = _coin(kept[0].fields) if kept else None
    if coin is not None:
        read_owned(
            kept,
            lambda row: _ends(row, coin),
            lambda row, account, owner: _transaction(row, account, coin, owner),
            account,
            reading,
        )


def _ends(row: Row, coin: str) -> tuple[str, ...]:
    """The addresses one of which is the user's: where value moved, the side it moved on."""
    if row.fields[f"value in({coin})"].strip("0. "):
        return (_receiver(row),)
    if row.fields[f"value out({coin})"].strip("0. "):
        return (row.fields["from"],)
    return row.fields["from"], _receiver(row)


def _receiver(row: Row) -> str:
    return row.fields.get("txto", row.fields.get("to", ""))


def _transaction(row: Row, account: str, coin: str, owner: str) -> Transaction:
    get = row.fields
    time = read_time(get["unixtimestamp"])
    asset = read_symbol(coin, "coin")
    sender, receiver = get["from"].strip().lower(), _receiver(row).strip().lower()
    signed = sender == owner and "txto" not in get
    gas = _amount(row, f"txnfee({coin})") if signed else Decimal(0)
    failed = _failed(row)
    what = " ".join(filter(None, (get.get("method", "").strip(), hash_of(row))))
    note = f"failed: {what}" if failed else what
    came, went = _amount(row, f"value in({coin})"), _amount(row, f"value out({coin})")
    if failed or sender == receiver:
        came = went = Decimal(0)
    if (came and receiver != owner) or (went and sender != owner):
        raise FieldError("its value did not move as its addresses say")
    if came:
        return movement(time, account, (asset, came), MOVED, note=note)
    if went:
        fee = (asset, gas)
        return movement(time, account, (asset, -went), MOVED, fee=fee, note=note)
    if not gas:
        raise LeftOut(_NOTHING)
    return movement(time, account, (asset, -gas), CHARGED, note=note)


def _failed(row: Row) -> bool:
    """Internal transactions have the status 0 when all is well, the others none."""
    return row.fields["status"].strip() not in ("", "0") or bool(row.fields["errcode"].strip())


def _amount(row: Row, column: str) -> Decimal:
    text = row.fields[column].strip()
    amount = read_number(text, column) if text else Decimal(0)
    if amount < 0:
        raise FieldError(f"the {column} is negative")
    return amount


ETHERSCAN = Importer(
    name="Etherscan transactions",
    account="Ethereum",
    columns="Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,"
    "Value_IN(ETH),Value_OUT(ETH),CurrentValue @ $3000/Eth,TxnFee(ETH),TxnFee(USD),"
    "Historical $Price/Eth,Status,ErrCode,Method",
    matches=_matches,
    read=_read,
)
