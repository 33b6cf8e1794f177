"""Cost basis: which purchase each sale came from, by any method.

- A fee is part of the cost of what is bought and is taken off the proceeds of what is sold. A fee
  paid in a third coin is a sale of that coin at its market value. A fee with nothing bought or sold
  (a network fee) loses what its coins cost.
- A trade of two coins is a sale of one and a purchase of the other at the same value: the stated
  one, else that of the coin received, else that of the coin given.
- Income and gifts received are bought at their stated value, else at the market's on receipt. A
  transfer moves lots with their dates and costs.
- What is spent is sold at its stated value, else at the market's; what is lost is sold for nothing.
  Gifts made and corrections leave at cost without a gain; in the UK pool a gift is a sale at market
  value (TCGA 1992 s.17).
- Fiat money has no lots. Nothing is guessed: what lacks a purchase, a cost or a price gives no gain
  and is listed in `missing`.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from engine.core.garbage import no_collection
from engine.core.records import FIAT, Transaction
from engine.ledger.gaps import Gaps
from engine.ledger.legs import in_order
from engine.ledger.lotbook import Disposal, Income, Lot, LotBook
from engine.ledger.matching import LotMatching, Matching
from engine.ledger.methods import CostBasis
from engine.ledger.pool import SharePool

__all__ = ["Disposal", "Income", "Lot", "LotBook", "Price", "cost_basis", "fifo"]

Price = Callable[[str, date], Decimal | None]
"""The price of an asset (or fiat currency) on a day, or None."""

_ZERO = Decimal(0)
_EXCHANGES = frozenset({"buy", "sell", "trade", "nft_buy", "nft_sell", "lp_add", "lp_remove"})


def fifo(transactions: Iterable[Transaction], price: Price, currency: str) -> LotBook:
    """First in first out, account by account."""
    return cost_basis(transactions, price, currency, CostBasis())


def cost_basis(
    transactions: Iterable[Transaction], price: Price, currency: str, basis: CostBasis
) -> LotBook:
    """Work through all transactions; every amount of money in the result is in `currency`.

    transactions: in any order, with the confirmed transfers joined (`link_transfers`).
    """
    with no_collection():
        book = _Book(price, currency, basis)
        for t in in_order(transactions):
            book.add(t)
        return book.result()


class _Book:
    """The books while the transactions are worked through, one after the other."""

    def __init__(self, price: Price, currency: str, basis: CostBasis) -> None:
        self._price = price
        self._currency = currency
        self._money = currency if currency in FIAT else "-"
        self._ranks_by_price = basis.ranks_by_cost and not basis.rank_with_fees
        self._gifts_are_sales = basis.method == "uk_pool"
        self._gaps = Gaps(currency)
        self._matching: Matching = (
            SharePool(self._gaps) if basis.method == "uk_pool" else LotMatching(basis, self._gaps)
        )
        self._income: list[Income] = []

    def add(self, t: Transaction) -> None:
        """Book one transaction."""
        if t.kind in _EXCHANGES:
            self._exchange(t)
        elif t.kind == "transfer":
            self._transfer(t)
        elif t.kind == "spend":
            self._spend(t)
        elif t.asset_in is not None:
            self._receive(t)
        else:
            self._send(t)

    def result(self) -> LotBook:
        """The books as they stand."""
        lots, disposals = self._matching.result()
        return LotBook(lots, disposals, tuple(self._income), self._gaps.sentences())

    def _exchange(self, t: Transaction) -> None:
        asset_in, amount_in, asset_out, amount_out = (
            t.asset_in,
            t.amount_in,
            t.asset_out,
            t.amount_out,
        )
        fiat_in, fiat_out = asset_in in FIAT, asset_out in FIAT
        if fiat_in and fiat_out:
            self._lose_fee(t)
            return
        fee, fee_asset, swallowed = _ZERO, t.fee_asset, False
        if fee_asset:
            if fee_asset == asset_in:
                # A fee of all the coins that came in leaves no lot to carry the cost: lost later.
                swallowed = not fiat_in and t.fee_amount >= amount_in
                if not swallowed:
                    amount_in -= t.fee_amount
            elif fee_asset == asset_out:
                amount_out += t.fee_amount
            else:
                fee = self._pay_fee(t, fee_asset)
        # A fee in one of the two assets is in the amounts already.
        if asset_out == self._money:
            value: Decimal | None = amount_out
        elif asset_in == self._money:
            value = amount_in
        else:
            value = self._exchange_value(t, amount_in, amount_out)
        if asset_out and not fiat_out:
            proceeds = value - fee if fiat_in and value is not None else value
            self._matching.dispose(t, asset_out, amount_out, proceeds)
        if asset_in and not fiat_in:
            cost = None if value is None else value + fee
            price = None
            if self._ranks_by_price and value is not None and t.amount_in:
                with_fee = fiat_out and amount_out not in (_ZERO, t.amount_out)
                paid = value * t.amount_out / amount_out if with_fee else value
                price = paid / t.amount_in
            self._matching.acquire(t, asset_in, amount_in, cost, price)
        if swallowed:
            self._lose_fee(t)

    def _exchange_value(
        self, t: Transaction, amount_in: Decimal, amount_out: Decimal
    ) -> Decimal | None:
        """What an exchange was worth for which no money of the books' currency was paid."""
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
            self._matching.dispose(t, asset, t.fee_amount, worth)
        return worth or _ZERO

    def _lose_fee(self, t: Transaction) -> None:
        if t.fee_asset and not _is_fiat(t.fee_asset):
            self._matching.dispose(t, t.fee_asset, t.fee_amount, _ZERO)

    def _transfer(self, t: Transaction) -> None:
        asset = t.asset_out
        if asset is not None and not _is_fiat(asset):
            arriving = min(t.amount_in or t.amount_out, t.amount_out)
            self._matching.move(t, asset, arriving)
            if arriving < t.amount_out:
                self._matching.dispose(t, asset, t.amount_out - arriving, _ZERO)
        self._lose_fee(t)

    def _receive(self, t: Transaction) -> None:
        asset, amount, day = t.asset_in, t.amount_in, t.time.date()
        if asset is None or (_is_fiat(asset) and t.kind != "income"):
            return
        netted = t.fee_asset == asset and t.fee_amount < amount
        if netted:
            amount -= t.fee_amount
        cost = self._stated(t)
        if t.kind in ("income", "gift"):
            stated = cost is not None
            cost = cost if stated else self._worth(asset, amount, day)
            if cost is None:
                self._gaps.unvalued((asset,), day)
            elif t.kind == "gift" and not stated:
                self._gaps.gift(t.account, asset, amount, day)
            elif t.kind == "income":
                earned = Income(asset, t.account, t.time, amount, cost, t.income_kind)
                self._income.append(earned)
        elif cost is None and amount:
            self._gaps.costless(t.account, asset, amount, day)
        if not _is_fiat(asset):
            self._matching.acquire(t, asset, amount, cost, None)
        if not netted:
            self._lose_fee(t)

    def _send(self, t: Transaction) -> None:
        """Coins that leave without a payment: a fee and a loss are lost, the rest has no gain."""
        asset = t.asset_out
        if asset is not None and not _is_fiat(asset):
            if t.kind in ("fee", "loss"):
                self._matching.dispose(t, asset, t.amount_out, _ZERO)
            elif t.kind == "gift" and self._gifts_are_sales:
                self._matching.dispose(t, asset, t.amount_out, self._market_value(t, asset))
            else:
                self._matching.withdraw(t, asset, t.amount_out)
        self._lose_fee(t)

    def _spend(self, t: Transaction) -> None:
        """A payment in coins; its fee is taken off the proceeds."""
        asset, amount = t.asset_out, t.amount_out
        if asset is None or _is_fiat(asset):
            self._lose_fee(t)
            return
        value = self._market_value(t, asset)
        if t.fee_asset == asset:
            amount += t.fee_amount
        elif t.fee_asset:
            fee = self._pay_fee(t, t.fee_asset)
            value = None if value is None else value - fee
        self._matching.dispose(t, asset, amount, value)

    def _market_value(self, t: Transaction, asset: str) -> Decimal | None:
        """What coins that left were worth: as stated, else by the price of the day."""
        value = self._stated(t)
        if value is None:
            value = self._worth(asset, t.amount_out, t.time.date())
        if value is None:
            self._gaps.unvalued((asset,), t.time.date())
        return value

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
