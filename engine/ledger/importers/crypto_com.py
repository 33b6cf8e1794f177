"""The Crypto.com App's transactions. "Native" is the money a row was worth or cost."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import FIAT, Transaction
from engine.ledger.importers import crypto_com_kinds as kinds
from engine.ledger.importers.base import Amount, Importer, Reading, exchange
from engine.ledger.importers.movements import MOVED, movement
from engine.ledger.importers.rowwise import LeftOut, readable, row_by_row, unknown
from engine.ledger.importers.statement import take_exchange

_TIME = "timestamp (utc)"
_REQUIRED = frozenset(
    {_TIME, "transaction description", "currency", "amount", "to currency", "to amount"}
    | {"native currency", "native amount", "transaction kind"}
)
_HALVES = ("_debited", "_credited")


@dataclass(frozen=True, slots=True)
class _Half:
    """One coin's row of a swap, read."""

    row: Row
    asset: str
    change: Decimal
    worth: Amount | None


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    swaps: dict[tuple[str, datetime], list[_Half]] = defaultdict(list)
    one_row = row_by_row(_transactions)
    for row in readable(rows, reading):
        swap = _swap(_kind(row))
        if swap is None:
            one_row((row,), account, reading)
            continue
        try:
            half = _Half(row, *_what(row), _native(row))
            swaps[swap, read_time(row.fields[_TIME])].append(half)
        except FieldError as error:
            reading.refuse([row], str(error))
    for (swap, time), halves in swaps.items():
        _take_swap(swap, time, halves, account, reading)


def _kind(row: Row) -> str:
    return row.fields["transaction kind"].strip().lower()


def _swap(kind: str) -> str | None:
    name = next((kind.removesuffix(half) for half in _HALVES if kind.endswith(half)), None)
    return name if name in kinds.SWAPS else None


def _take_swap(
    swap: str, time: datetime, halves: list[_Half], account: str, reading: Reading
) -> None:
    """One coin for another is a trade; of several, each is exchanged for the money it was worth."""
    given = {half.asset for half in halves if half.change < 0}
    if len(given) < 2 or any(half.worth is None for half in halves):
        take_exchange(
            [half.row for half in halves],
            (time, account, swap),
            [(half.asset, half.change) for half in halves],
            (),
            reading,
        )
        return
    for half in halves:
        if half.worth and half.change:
            side = (half.asset, abs(half.change))
            received, sent = (half.worth, side) if half.change < 0 else (side, half.worth)
            try:
                taken = exchange(time, account, received, sent, note=swap)
            except FieldError as error:
                reading.refuse([half.row], str(error))
            else:
                reading.take(half.row, taken)
        else:
            reading.leave_out("rows that change nothing")


def _transactions(row: Row, account: str) -> list[Transaction]:
    kind = _kind(row)
    if kind in kinds.INTERNAL:
        raise LeftOut("moves within Crypto.com")
    time = read_time(row.fields[_TIME])
    asset, change = _what(row)
    side = (asset, abs(change))
    worth = _native(row)
    note = row.fields["transaction description"]
    if kind in kinds.EXCHANGES:
        bought = _needed(row, "to amount", "to currency")
        value = worth if worth and worth[0] not in (asset, bought[0]) else None
        return [exchange(time, account, bought, side, value=value, note=note)]
    if kind in kinds.PURCHASES or kind == kinds.CARD_TOP_UP:
        if worth is None:
            raise FieldError("it does not say what it was worth")
        if kind in kinds.PURCHASES:
            return [exchange(time, account, side, worth, note=note)]
        gone = movement(time, account, (worth[0], -worth[1]), MOVED, note=note)
        return [exchange(time, account, worth, side, note=note), gone]
    if kind in kinds.MEANINGS:
        return [
            movement(time, account, (asset, change), kinds.MEANINGS[kind], value=worth, note=note)
        ]
    raise unknown("transaction kind", row.fields["transaction kind"])


def _what(row: Row) -> tuple[str, Decimal]:
    return read_symbol(row.fields["currency"], "currency"), read_number(
        row.fields["amount"], "amount"
    )


def _needed(row: Row, amount: str, currency: str) -> Amount:
    number = abs(read_number(row.fields[amount], amount))
    if number == 0:
        raise FieldError(f"the {amount} is zero")
    return read_symbol(row.fields[currency], currency), number


def _native(row: Row) -> Amount | None:
    """What the row was worth in money, or None if it does not say or says zero."""
    text = row.fields["native amount"].strip()
    currency = row.fields["native currency"].strip().upper()
    if not text or currency not in FIAT:
        return None
    amount: Decimal = abs(read_number(text, "native amount"))
    return (currency, amount) if amount else None


CRYPTO_COM = Importer(
    name="Crypto.com App",
    account="Crypto.com",
    columns="Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,"
    "Native Currency,Native Amount,Native Amount (in USD),Transaction Kind",
    matches=_REQUIRED.issubset,
    read=_read,
)
