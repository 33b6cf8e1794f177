"""Cost basis: which purchase each sale came from, first in first out, account by account.

- A fee is part of the cost of what is bought and is taken off the proceeds of what is sold. A fee
  paid in a third coin is a sale of that coin at its market value. A fee with nothing bought or sold
  (a network fee) loses what its coins cost.
- A trade of two coins is a sale of one and a purchase of the other at the same value: the stated
  one, else that of the coin received, else that of the coin given.
- Income is bought at its market value on receipt. A transfer moves lots with their dates and costs.
- Fiat money has no lots. Nothing is guessed: what lacks a purchase, a cost or a price gives no gain
  and is listed in `missing`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.core.records import FIAT, Transaction
from engine.ledger.gaps import Gap, Gaps
from engine.ledger.queues import Piece, Queues
from engine.ledger.transfers import link_transfers

Price = Callable[[str, date], Decimal | None]
"""The price of an asset (or fiat currency) on a day, or None."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Lot:
    """Coins held that were acquired together; unit_cost is None if what they cost is unknown."""

    asset: str
    account: str
    time: datetime
    amount: Decimal
    unit_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Disposal:
    """Part of a lot that was given away: gain = proceeds - cost; acquired = when it was bought."""

    asset: str
    account: str
    time: datetime
    amount: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    acquired: datetime


@dataclass(frozen=True, slots=True)
class Income:
    """Coins, or interest in money, received as a reward, and their market value then."""

    asset: str
    account: str
    time: datetime
    amount: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class LotBook:
    """The outcome; `missing` holds one sentence for each thing that could not be computed."""

    open: tuple[Lot, ...]
    disposals: tuple[Disposal, ...]
    income: tuple[Income, ...]
    missing: tuple[Gap, ...]


def fifo(transactions: Iterable[Transaction], price: Price, currency: str) -> LotBook:
    """Work through all transactions; every amount of money in the result is in `currency`."""
    book = _Book(price, currency)
    for t in link_transfers(transactions):
        book.add(t)
    return book.result()


class _Book:
    """The books while the transactions are worked through, one after the other."""

    def __init__(self, price: Price, currency: str) -> None:
        self._price = price
        self._currency = currency
        self._queues = Queues()
        self._gaps = Gaps(currency)
        self._disposals: list[Disposal] = []
        self._income: list[Income] = []

    def add(self, t: Transaction) -> None:
        """Book one transaction."""
        if t.kind in ("buy", "sell", "trade"):
            self._exchange(t)
        elif t.kind == "transfer":
            self._transfer(t)
        elif t.kind in ("deposit", "income"):
            self._receive(t)
        else:
            self._send(t)

    def result(self) -> LotBook:
        """The books as they stand."""
        lots = tuple(
            Lot(
                asset,
                account,
                piece.time,
                piece.amount,
                None if piece.cost is None else piece.cost / piece.amount,
            )
            for account, asset, piece in self._queues.left()
        )
        return LotBook(lots, tuple(self._disposals), tuple(self._income), self._gaps.sentences())

    def _exchange(self, t: Transaction) -> None:
        if _is_fiat(t.asset_in) and _is_fiat(t.asset_out):
            self._lose_fee(t)
            return
        amount_in, amount_out, fee = t.amount_in, t.amount_out, _ZERO
        from_received = t.fee_asset is not None and t.fee_asset == t.asset_in
        # A fee of all the coins that came in leaves no lot to carry the cost: lost afterwards.
        swallowed = from_received and not _is_fiat(t.asset_in) and t.fee_amount >= amount_in
        if from_received and not swallowed:
            amount_in -= t.fee_amount
        elif t.fee_asset and t.fee_asset == t.asset_out:
            amount_out += t.fee_amount
        elif t.fee_asset and not swallowed:
            fee = self._pay_fee(t, t.fee_asset)
        value = self._exchange_value(t, amount_in, amount_out)
        if t.asset_out and not _is_fiat(t.asset_out):
            proceeds = value
            if value is not None and _is_fiat(t.asset_in):
                proceeds = value - fee
            self._dispose(t, t.asset_out, amount_out, proceeds)
        if t.asset_in and not _is_fiat(t.asset_in):
            cost = None if value is None else value + fee
            self._queues.acquire(t.account, t.asset_in, amount_in, t.time, cost)
        if swallowed:
            self._lose_fee(t)

    def _exchange_value(
        self, t: Transaction, amount_in: Decimal, amount_out: Decimal
    ) -> Decimal | None:
        """What an exchange was worth; a fee in one of the two assets is in the amounts already."""
        day = t.time.date()
        fiat = None
        for asset, amount in ((t.asset_in, amount_in), (t.asset_out, amount_out)):
            if _is_fiat(asset):
                value = self._worth(asset, amount, day)
                if value is not None:
                    return value
                fiat = asset
        value = self._stated(t)
        if value is not None:
            return value
        for asset, amount in ((t.asset_in, amount_in), (t.asset_out, t.amount_out)):
            value = self._worth(asset, amount, day)
            if value is not None:
                if fiat and asset:
                    self._gaps.estimated(fiat, asset, day)
                return value
        self._gaps.unvalued((t.asset_in, t.asset_out), day)
        return None

    def _pay_fee(self, t: Transaction, asset: str) -> Decimal:
        """Take a fee's coins out of the account and return what they were worth (0 if unknown)."""
        worth = self._worth(asset, t.fee_amount, t.time.date())
        if worth is None:
            self._gaps.unvalued((asset,), t.time.date())
        if not _is_fiat(asset):
            self._dispose(t, asset, t.fee_amount, worth)
        return worth or _ZERO

    def _lose_fee(self, t: Transaction) -> None:
        if t.fee_asset and not _is_fiat(t.fee_asset):
            self._dispose(t, t.fee_asset, t.fee_amount, _ZERO)

    def _transfer(self, t: Transaction) -> None:
        asset = t.asset_out
        if asset is not None and not _is_fiat(asset):
            arriving = min(t.amount_in or t.amount_out, t.amount_out)
            for piece in self._take(t, asset, arriving):
                self._queues.put(t.to_account or t.account, asset, piece)
            self._dispose(t, asset, t.amount_out - arriving, _ZERO)
        self._lose_fee(t)

    def _receive(self, t: Transaction) -> None:
        asset, amount, day = t.asset_in, t.amount_in, t.time.date()
        if asset is None or (_is_fiat(asset) and t.kind == "deposit"):
            return
        netted = t.fee_asset == asset and t.fee_amount < amount
        if netted:
            amount -= t.fee_amount
        cost = self._stated(t)
        if t.kind == "income":
            cost = self._worth(asset, amount, day) if cost is None else cost
            if cost is None:
                self._gaps.unvalued((asset,), day)
            else:
                self._income.append(Income(asset, t.account, t.time, amount, cost))
        elif cost is None and amount:
            self._gaps.costless(t.account, asset, amount, day)
        if not _is_fiat(asset):
            self._queues.acquire(t.account, asset, amount, t.time, cost)
        if not netted:
            self._lose_fee(t)

    def _send(self, t: Transaction) -> None:
        """A withdrawal leaves the books without a gain; a fee is lost."""
        asset = t.asset_out
        if asset is not None and not _is_fiat(asset):
            if t.kind == "fee":
                self._dispose(t, asset, t.amount_out, _ZERO)
            else:
                self._take(t, asset, t.amount_out)
        self._lose_fee(t)

    def _take(self, t: Transaction, asset: str, amount: Decimal) -> list[Piece]:
        pieces, short = self._queues.take(t.account, asset, amount)
        if short:
            self._gaps.short(t.account, asset, short, t.time.date())
        return pieces

    def _dispose(
        self, t: Transaction, asset: str, amount: Decimal, proceeds: Decimal | None
    ) -> None:
        """Give coins away; no gain is booked for what has no known cost or proceeds."""
        for piece in self._take(t, asset, amount):
            if proceeds is None or piece.cost is None:
                continue
            share = proceeds * piece.amount / amount
            self._disposals.append(
                Disposal(
                    asset=asset,
                    account=t.account,
                    time=t.time,
                    amount=piece.amount,
                    proceeds=share,
                    cost=piece.cost,
                    gain=share - piece.cost,
                    acquired=piece.time,
                )
            )

    def _worth(self, asset: str | None, amount: Decimal, day: date) -> Decimal | None:
        if asset is None:
            return None
        if asset == self._currency:
            return amount
        price = self._price(asset, day)
        return None if price is None else price * amount

    def _stated(self, t: Transaction) -> Decimal | None:
        if t.value is None:
            return None
        return self._worth(t.value_currency, t.value, t.time.date())


def _is_fiat(asset: str | None) -> bool:
    return asset in FIAT
