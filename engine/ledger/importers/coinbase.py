"""Coinbase's transaction history, all header generations since 2018.

The file starts with a few lines of prose and lists the newest row first. The four generations
differ in how the columns of the price currency and the fees are called.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.records import FIAT, Transaction, TransactionKind
from engine.ledger.importers import coinbase_kinds as kinds
from engine.ledger.importers.base import Amount, Importer, Reading, build, exchange, one_sided

_COMMON = frozenset({"timestamp", "transaction type", "asset", "quantity transacted", "notes"})
_OLDEST = re.compile(r"([a-z]{3}) spot price at transaction")
_NUMBER = r"([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)"
_CONVERTED = re.compile(rf"Converted {_NUMBER} (\w+) to {_NUMBER} (\w+)")
_FOR = re.compile(
    rf"(?:Bought|Sold) {_NUMBER} \S+ for [$€£]?{_NUMBER} (\w+)"
    rf"(?: on \S+ at {_NUMBER} \S+)?"
)
_GIFT_NOTES = ("coinbase earn", "coinbase rewards", "coinbase referral")


@dataclass(frozen=True, slots=True)
class _Names:
    """Where this generation keeps its figures; currency is a column, or fixed by the header."""

    currency_column: str
    currency: str
    price: str
    subtotal: str
    total: str
    fees: str


def _names(columns: tuple[str, ...]) -> _Names | None:
    if not _COMMON.issubset(columns):
        return None
    for column in columns:
        oldest = _OLDEST.fullmatch(column)
        if oldest:
            unit = oldest[1]
            names = _Names(
                "",
                unit.upper(),
                column,
                f"{unit} subtotal",
                f"{unit} total (inclusive of fees)",
                f"{unit} fees",
            )
            return names if {names.subtotal, names.total, names.fees} <= set(columns) else None
    for spot in ("spot ", ""):
        for extent in (" and/or spread", ""):
            names = _Names(
                f"{spot}price currency",
                "",
                f"{spot}price at transaction",
                "subtotal",
                f"total (inclusive of fees{extent})",
                f"fees{extent}",
            )
            wanted = {names.currency_column, names.price, names.subtotal, names.total, names.fees}
            if wanted <= set(columns):
                return names
    return None


def _matches(columns: tuple[str, ...]) -> bool:
    return _names(columns) is not None


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    names: _Names | None = None
    conversions = _Conversions()
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
            continue
        names = names or _names(tuple(row.fields))
        if names is None:
            raise ValueError("the rows do not have the header that was matched")
        kind = row.fields["transaction type"].strip().lower()
        if kind in kinds.INTERNAL:
            reading.leave_out("moves within Coinbase")
            continue
        try:
            if kind != "convert":
                for transaction in _transactions(row, kind, account, names):
                    reading.take(row, transaction)
            elif conversions.is_new(row):
                reading.take(row, _convert(row, account, names))
            else:
                reading.leave_out("second rows of a conversion")
        except FieldError as error:
            reading.refuse([row], str(error))


class _Conversions:
    """Tells the second row of a conversion, which newer files have, from another conversion."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str, str]] = Counter()
        self._taken: Counter[tuple[str, str]] = Counter()

    def is_new(self, row: Row) -> bool:
        key = (row.fields["timestamp"], row.fields["notes"])
        side = (*key, row.fields["asset"])
        self._rows[side] += 1
        if self._rows[side] <= self._taken[key]:
            return False
        self._taken[key] += 1
        return True


def _transactions(row: Row, kind: str, account: str, names: _Names) -> list[Transaction]:
    """What a row says; coins that pay for something are sold first. Raises FieldError."""
    if kind not in kinds.CARD and kind != kinds.SUBSCRIPTION:
        return [_transaction(row, kind, account, names)]
    time, asset, quantity = _what(row)
    paid = (asset, abs(quantity))
    note = row.fields["notes"]
    sale = []
    if paid[0] not in FIAT:
        worth = _money(row, names.subtotal, names) or _market_value(row, paid[1], names)
        sale = [exchange(time, account, worth, paid, note=note)]
        paid = worth
    ends: TransactionKind = "withdrawal" if kind in kinds.CARD else "fee"
    return [*sale, build(time, ends, account, sent=paid, note=note)]


def _what(row: Row) -> tuple[datetime, str, Decimal]:
    """When, of which asset, and how much with its sign. Raises FieldError."""
    time = read_time(row.fields["timestamp"])
    asset = read_symbol(row.fields["asset"])
    quantity = read_number(row.fields["quantity transacted"], "quantity")
    if quantity == 0:
        raise FieldError("the quantity is zero")
    return time, asset, quantity


def _transaction(row: Row, kind: str, account: str, names: _Names) -> Transaction:
    time, asset, quantity = _what(row)
    side = (asset, abs(quantity))
    note = row.fields["notes"]
    if kind in kinds.BUYS and quantity < 0:
        raise FieldError("the quantity bought is negative")
    if kind in kinds.BUYS or kind in kinds.SELLS:
        return _order(row, time, side, account, names=names, buying=kind in kinds.BUYS)
    gift = kind == "receive" and any(word in note.lower() for word in _GIFT_NOTES)
    if kind in kinds.INCOME or gift:
        if quantity < 0:
            raise FieldError("the quantity of an income is negative")
        worth = _money(row, names.total, names)
        return build(
            time,
            "income",
            account,
            received=(asset, quantity),
            value=worth,
            note=note,
            income_kind=kinds.INCOME.get(kind, "other"),
        )
    if kind in kinds.RECEIVED:
        if quantity < 0:
            raise FieldError("the quantity received is negative")
        return one_sided(time, account, asset, quantity, ("deposit", "withdrawal"), note=note)
    if kind in kinds.SENT:
        return one_sided(time, account, asset, -abs(quantity), ("deposit", "withdrawal"), note=note)
    if kind in kinds.DEPOSITS:
        return _move(time, account, kinds.DEPOSITS[kind], side, note)
    if kind in kinds.WITHDRAWALS:
        return _move(time, kinds.WITHDRAWALS[kind], account, side, note)
    shown = clean_text(row.fields["transaction type"], 40)
    if kind in kinds.UNCERTAIN:
        raise FieldError(f'"{shown}": {kinds.UNCERTAIN[kind]}')
    raise FieldError(f'the transaction type "{shown}" is not known')


def _move(time: datetime, account: str, to_account: str, side: Amount, note: str) -> Transaction:
    return build(
        time, "transfer", account, received=side, sent=side, note=note, to_account=to_account
    )


def _order(
    row: Row, time: datetime, crypto: Amount, account: str, *, names: _Names, buying: bool
) -> Transaction:
    """A buy or sell; the notes tell what it was paid in when that is not the price currency."""
    note = row.fields["notes"]
    subtotal = _money(row, names.subtotal, names)
    fee = _money(row, names.fees, names)
    value = None
    match = _FOR.search(note)
    currency = _currency(row, names)
    if match and match[3].upper() != currency:
        paid_in = read_symbol(match[3])
        total = read_positive(match[2], "amount in the notes")
        price = read_positive(match[4], "price in the notes") if match[4] else None
        value = subtotal
        subtotal = (paid_in, price * crypto[1] if price else total)
        fee = (paid_in, abs(total - subtotal[1]))
    elif subtotal is None:
        subtotal = _market_value(row, crypto[1], names)
    received, sent = (crypto, subtotal) if buying else (subtotal, crypto)
    return exchange(time, account, received, sent, fee=fee, value=value, note=note)


def _market_value(row: Row, amount: Decimal, names: _Names) -> Amount:
    price = read_positive(row.fields[names.price], "price")
    return _currency(row, names), price * amount


def _convert(row: Row, account: str, names: _Names) -> Transaction:
    match = _CONVERTED.search(row.fields["notes"])
    if match is None:
        raise FieldError("the notes do not say what it was converted to")
    sent = (read_symbol(match[2]), read_positive(match[1], "amount in the notes"))
    received = (read_symbol(match[4]), read_positive(match[3], "amount in the notes"))
    time = read_time(row.fields["timestamp"])
    value = _money(row, names.subtotal, names)
    return exchange(time, account, received, sent, value=value, note=row.fields["notes"])


def _currency(row: Row, names: _Names) -> str:
    return names.currency or read_symbol(row.fields[names.currency_column], "price currency")


def _money(row: Row, column: str, names: _Names) -> Amount | None:
    """A figure in the price currency without its sign, or None where the field is empty or 0."""
    text = row.fields[column].strip()
    if not text:
        return None
    amount: Decimal = abs(read_number(text, column))
    return (_currency(row, names), amount) if amount else None


COINBASE = Importer(
    name="Coinbase",
    account="Coinbase",
    columns="Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,"
    "Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),"
    "Fees and/or Spread,Notes",
    matches=_matches,
    read=_read,
)
