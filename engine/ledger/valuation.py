"""What is held on a day, what it is worth and what it cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from engine.core.money import format_amount
from engine.core.records import FIAT, MAX_PRICE_AGE, PricePoint, Transaction, is_nft
from engine.ledger.gaps import Gap
from engine.ledger.legs import Balances, balances, cash_pockets, held_in
from engine.ledger.lotbook import LotBook
from engine.ledger.pricing import Prices

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One asset. None = unknown: no price, or nothing of it has a known cost.

    price_day: the day of the close used. weight: share of the total, 0…1. known_amount: how much
    of the amount has a known cost; cost and unrealised are about that part.
    """

    asset: str
    amount: Decimal
    price: Decimal | None
    price_day: date | None
    value: Decimal | None
    weight: Decimal | None
    cost: Decimal | None
    unrealised: Decimal | None
    known_amount: Decimal

    @property
    def average_cost(self) -> Decimal | None:
        """What one coin cost on average."""
        return self.cost / self.known_amount if self.cost is not None else None


@dataclass(frozen=True, slots=True)
class Valuation:
    """Holdings by value, the largest first; total counts what has a price.

    nfts: what is held of NFTs, which have no price and are in no total or weight.
    """

    on: date
    currency: str
    rows: tuple[HoldingRow, ...]
    total: Decimal
    missing: tuple[Gap, ...]
    nfts: tuple[HoldingRow, ...] = ()

    @property
    def unpriced(self) -> int:
        """How many of the holdings no price is known of, NFTs apart."""
        return sum(row.value is None for row in self.rows)

    @property
    def worth_unknown(self) -> bool:
        """Whether nothing that is held has a price, so that a total of zero says nothing."""
        return bool(self.rows or self.nfts) and self.unpriced == len(self.rows)


def valuation(
    transactions: Sequence[Transaction],
    book: LotBook,
    prices: Prices,
    currency: str,
    on: date,
    *,
    account: str | None = None,
) -> Valuation:
    """Value the holdings of one account, or all, at the end of a day.

    transactions: with the confirmed transfers joined. book: the lots at the end of that day, in
    `currency`. What all accounts together have sold more of than they ever got has no value in any
    account either.
    """
    costs = _costs(book, account)
    missing = [*book.missing, *_unexplained_cash(transactions, account)]
    if account is not None and any(not lot.account for lot in book.open):
        missing.append(Gap("Costs are kept for all accounts together, not for one account alone."))
    rows, nfts = [], []
    pockets = balances(transactions, on)
    amounts, whole = held_in(pockets, account), held_in(pockets, None)
    missing += _oversold(pockets, amounts, whole, account)
    for asset, amount in amounts.items():
        if amount < 0:
            continue
        known = costs.get(asset, (_ZERO, _ZERO))
        if is_nft(asset):
            nfts.append(_row(asset, amount, None, known))
            continue
        point = None
        if whole.get(asset, _ZERO) < 0:
            rows.append(_row(asset, amount, point, known))
            continue
        point = _point(prices, asset, currency, on)
        if point is None or on - point.day > MAX_PRICE_AGE:
            missing.append(_no_price(asset, currency, point))
            point = None
        rows.append(_row(asset, amount, point, known))
    total = sum((row.value for row in rows if row.value is not None), _ZERO)
    if total:
        rows = [replace(row, weight=_share(row.value, total)) for row in rows]
    rows.sort(key=lambda row: (row.value is None, -(row.value or 0), row.asset))
    return Valuation(on, currency, tuple(rows), total, tuple(missing), tuple(nfts))


def _costs(book: LotBook, account: str | None) -> dict[str, tuple[Decimal, Decimal]]:
    """Amount with a known cost, and that cost, by asset."""
    costs: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (_ZERO, _ZERO))
    for lot in book.open:
        if lot.unit_cost is not None and account in (None, lot.account):
            amount, cost = costs[lot.asset]
            costs[lot.asset] = (amount + lot.amount, cost + lot.amount * lot.unit_cost)
    return costs


def _oversold(
    pockets: Balances,
    amounts: Mapping[str, Decimal],
    whole: Mapping[str, Decimal],
    account: str | None,
) -> list[Gap]:
    """Where more was given away than had come in, and what that means for the total."""
    found = []
    for asset, amount in amounts.items():
        every = whole.get(asset, _ZERO)
        held = f"The records hold {format_amount(amount)} {asset}"
        if amount < 0:
            said = f"{held}: earlier purchases are missing, so it is in no total."
            found.append(Gap(said, asset))
        elif every < 0:
            said = (
                f"{held} in {account}, but {format_amount(every)} in all accounts together: "
                "earlier purchases are missing, so it is in no total."
            )
            found.append(Gap(said, asset))
    if account is None:
        found += [
            Gap(
                f"The records hold {format_amount(amount)} {asset} in {name}: earlier purchases "
                "are missing, and the total counts so much less than the other accounts hold.",
                asset,
            )
            for (name, asset), amount in sorted(pockets.items())
            if amount < 0 < whole.get(asset, _ZERO)
        ]
    return found


def _point(prices: Prices, asset: str, currency: str, on: date) -> PricePoint | None:
    if asset == currency:
        return PricePoint(asset, currency, on, Decimal(1))
    return prices.quote(asset, currency, on)


def _no_price(asset: str, currency: str, point: PricePoint | None) -> Gap:
    why = f"{asset} has no price in {currency}"
    if point is not None:
        why = f"The last price of {asset} is of {point.day}, too old to use"
    return Gap(f"{why}; it is not in the total.", asset)


def _row(
    asset: str, amount: Decimal, point: PricePoint | None, known: tuple[Decimal, Decimal]
) -> HoldingRow:
    known_amount, cost = known
    # More bought than held means that a sale's purchase is missing: no gain can be stated.
    stated = asset not in FIAT and 0 < known_amount <= amount
    return HoldingRow(
        asset=asset,
        amount=amount,
        price=point.close if point else None,
        price_day=point.day if point else None,
        value=amount * point.close if point else None,
        weight=None,
        cost=cost if stated else None,
        unrealised=known_amount * point.close - cost if stated and point else None,
        known_amount=known_amount if stated else _ZERO,
    )


def _share(value: Decimal | None, total: Decimal) -> Decimal | None:
    return None if value is None else value / total


def _unexplained_cash(transactions: Sequence[Transaction], account: str | None) -> list[Gap]:
    return [
        Gap(
            f"Cash in {name} ({currency}) is left out: the records would make it fall below zero.",
            currency,
        )
        for name, currency in sorted(cash_pockets(transactions).unexplained)
        if account in (None, name)
    ]
