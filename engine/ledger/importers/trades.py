"""Formats in which every row is one trade of a market: pair, side, amounts and fee."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import (
    LARGEST_AMOUNT,
    SMALLEST_AMOUNT,
    FieldError,
    read_number,
    read_positive,
    read_symbol,
    read_time,
)
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, exchange
from engine.ledger.importers.rowwise import LeftOut, unknown

Split = Callable[[str, tuple[str, ...]], tuple[str, str]]
"""Base and quote of a pair, given the coin the fee was paid in as a hint."""


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Where a generation of a format keeps its figures, by normalised column names.

    amount: of the base asset. total: of the quote asset, without the fee. fee_asset: "" where
    fees are paid in the quote asset. clock: how times are read.
    """

    time: str
    pair: str
    side: str
    amount: str
    total: str
    fee: str
    fee_asset: str
    split: Split
    clock: Callable[[str], datetime] = read_time

    @property
    def required(self) -> frozenset[str]:
        """The columns a file of this generation has."""
        names = {self.time, self.pair, self.side, self.amount, self.total, self.fee}
        return frozenset(names | {self.fee_asset} - {""})


def read_trade(row: Row, columns: TradeColumns, account: str) -> Transaction:
    """One row as a buy, sell or trade. Raises FieldError, and LeftOut if nothing was filled."""
    get = row.fields
    amount = read_number(get[columns.amount], "amount")
    if amount == 0:
        raise LeftOut("orders that were not filled")
    time = columns.clock(get[columns.time])
    buying = is_buy(get[columns.side])
    fee = read_fee(get[columns.fee])
    stated = get[columns.fee_asset].strip() if columns.fee_asset else ""
    fee_asset = read_symbol(stated, "fee currency") if stated else ""
    base, quote = columns.split(get[columns.pair], (fee_asset,) if fee_asset else ())
    if fee and columns.fee_asset and not fee_asset:
        raise FieldError("it does not say what the fee was paid in")
    return market_trade(
        (time, account, get[columns.pair]),
        buying,
        (base, read_positive(get[columns.amount], "amount")),
        (quote, read_positive(get[columns.total], "total")),
        (fee_asset or quote, fee) if fee else None,
    )


def market_trade(
    what: tuple[datetime, str, str], buying: bool, base: Amount, quote: Amount, fee: Amount | None
) -> Transaction:
    """The base asset bought or sold for the quote asset; what: time, account and note."""
    time, account, note = what
    received, sent = (base, quote) if buying else (quote, base)
    return exchange(time, account, received, sent, fee=fee, note=note)


def is_buy(text: str) -> bool:
    """Whether a side says buy and not sell. Raises FieldError."""
    side = text.strip().lower()
    if side not in ("buy", "sell"):
        raise unknown("side", text)
    return side == "buy"


def read_fee(text: str) -> Decimal:
    """A fee, where nothing is zero. Raises FieldError if it is negative."""
    if not text.strip():
        return Decimal(0)
    fee = read_number(text, "fee")
    if fee < 0:
        raise FieldError("the fee is negative")
    return fee


def product(amount: Decimal, price: Decimal) -> Decimal:
    """What an amount comes to at a price, both above zero. FieldError if it is out of range."""
    total = amount * price
    if not SMALLEST_AMOUNT <= total < LARGEST_AMOUNT:
        raise FieldError("the amount times the price is out of range")
    return total
