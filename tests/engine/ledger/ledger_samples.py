"""Short ways to write transactions and prices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from engine.core.records import PricePoint, Transaction
from engine.ledger.lots import cost_basis
from engine.ledger.methods import CostBasis
from engine.ledger.pricing import fresh_price
from engine.ledger.valuation import Valuation, valuation
from engine.market.series import PriceBook

Side = tuple[str, str] | None


def make(
    when: str,
    kind: Any,
    received: Side = None,
    sent: Side = None,
    fee: Side = None,
    *,
    account: str = "Kraken",
    to: str | None = None,
    value: Side = None,
    row_hash: str = "",
    income_kind: str = "",
) -> Transaction:
    """A transaction from short texts: make("2024-01-01", "buy", ("BTC", "1"), ("USD", "100"))."""

    def asset(side: Side) -> str | None:
        return side[0] if side else None

    def amount(side: Side) -> Decimal:
        return Decimal(side[1]) if side else Decimal(0)

    return Transaction(
        time=datetime.fromisoformat(when).replace(tzinfo=UTC),
        kind=kind,
        account=account,
        asset_in=asset(received),
        amount_in=amount(received),
        asset_out=asset(sent),
        amount_out=amount(sent),
        fee_asset=asset(fee),
        fee_amount=amount(fee),
        value=Decimal(value[1]) if value else None,
        value_currency=asset(value),
        note="",
        row_hash=row_hash,
        to_account=to,
        income_kind=income_kind,
    )


class Stored:
    """Prices as the store gives them, from {asset: {day: close}}; all in USD."""

    def __init__(self, closes: dict[str, dict[str, str]]) -> None:
        self._closes = closes

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        if currency != "USD":
            return []
        return [
            PricePoint(asset, currency, date.fromisoformat(day), Decimal(close))
            for day, close in sorted(self._closes.get(asset, {}).items())
        ]


def value_at(
    ledger: Sequence[Transaction],
    prices: PriceBook,
    currency: str,
    on: date,
    account: str | None = None,
    basis: CostBasis | None = None,
) -> Valuation:
    """The valuation of a day with the lots of that day."""
    past = [t for t in ledger if t.time.date() <= on]
    book = cost_basis(past, fresh_price(prices, currency), currency, basis or CostBasis())
    return valuation(ledger, book, prices, currency, on, account=account)


def price_book(**closes: dict[str, str]) -> PriceBook:
    return PriceBook(Stored(closes))


def tagged(transaction: Transaction, tag: str) -> Transaction:
    return replace(transaction, tag=tag)
