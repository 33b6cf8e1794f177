"""Bitfinex's trades: the amount is negative for a sale, a fee paid is negative.

Dates have years of two digits in an order the user chose (22-07-19 is 2022 or 2019). It is found
from all dates of the file, which must exist, not lie before Bitfinex, and rise or fall throughout.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.pairs import split_pair
from engine.ledger.importers.rowwise import readable, row_by_row
from engine.ledger.importers.times import existing_time
from engine.ledger.importers.trades import market_trade, product

_REQUIRED = frozenset({"#", "pair", "amount", "price", "fee", "fee currency", "date", "order id"})
_SHORT = re.compile(
    r"([0-9]{2})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
)
_FOUNDED = 2012
_ORDERS = ((0, 1, 2), (2, 1, 0), (2, 0, 1))
"""Where year, month and day stand."""

_RENAMED = {
    "ALG": "ALGO",
    "ATO": "ATOM",
    "DAT": "DATA",
    "DSH": "DASH",
    "EUS": "EURS",
    "EUT": "EURT",
    "IOT": "IOTA",
    "MNA": "MANA",
    "QSH": "QASH",
    "QTM": "QTUM",
    "SNG": "SNGLS",
    "STJ": "STORJ",
    "TSD": "TUSD",
    "UDC": "USDC",
    "UST": "USDT",
}
"""Bitfinex's short names; UST is Tether here."""

Order = tuple[int, int, int]


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    kept = list(readable(rows, reading))
    order = _order_of([row.fields["date"] for row in kept])
    row_by_row(lambda row, account: [_transaction(row, account, order)])(kept, account, reading)


def _order_of(dates: list[str]) -> Order | None:
    """The one order in which all short dates can be; None if there is none, or several."""
    short = [match for text in dates if (match := _SHORT.fullmatch(text.strip()))]
    possible = [order for order in _ORDERS if _is_possible(short, order)]
    return possible[0] if len(possible) == 1 else None


def _is_possible(short: list[re.Match[str]], order: Order) -> bool:
    try:
        times = [_time(match, order) for match in short]
    except FieldError:
        return False
    return times in (sorted(times), sorted(times, reverse=True))


def _time(match: re.Match[str], order: Order) -> datetime:
    year, month, day = (int(match[1 + place]) for place in order)
    if 2000 + year < _FOUNDED:
        raise FieldError("the date is before Bitfinex existed")
    clock = (int(match[number]) for number in (4, 5, 6))
    return existing_time(match[0], 2000 + year, month, day, *clock)


def _transaction(row: Row, account: str, order: Order | None) -> Transaction:
    get = row.fields
    match = _SHORT.fullmatch(get["date"].strip())
    if match is None:
        time = read_time(get["date"])
    elif order is None:
        raise FieldError("the file does not show which part of its dates is the year")
    else:
        time = _time(match, order)
    base, quote = (_symbol(name) for name in split_pair(get["pair"], frozenset()))
    amount = read_number(get["amount"], "amount")
    if amount == 0:
        raise FieldError("the amount is zero")
    fee = read_number(get["fee"], "fee") if get["fee"].strip() else Decimal(0)
    if fee > 0:
        raise FieldError("the fee is above zero, which would be a payment to you")
    return market_trade(
        (time, account, get["pair"]),
        amount > 0,
        (base, abs(amount)),
        (quote, product(abs(amount), read_positive(get["price"], "price"))),
        (_symbol(get["fee currency"]), -fee) if fee else None,
    )


def _symbol(text: str) -> str:
    name = read_symbol(text)
    if name.endswith("F0"):
        raise FieldError("derivatives are not read")
    return _RENAMED.get(name, name)


BITFINEX = Importer(
    name="Bitfinex trades",
    account="Bitfinex",
    columns="#,PAIR,AMOUNT,PRICE,FEE,FEE PERC,FEE CURRENCY,DATE,ORDER ID",
    matches=_REQUIRED.issubset,
    read=_read,
)
