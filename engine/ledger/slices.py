"""The ledger of one asset, so that its growth can be measured as if it were a portfolio.

A trade of two coins is money that leaves one and enters the other at the trade's value. A fee in
one of the coins is that coin's loss; any other fee is borne by the coin bought, else by the one
sold, and is money that left where it was paid from. So the gains of all assets add up to those of
the portfolio.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from engine.core.records import FIAT, Transaction, is_nft
from engine.ledger.legs import cash_pockets
from engine.ledger.lots import Price

_ZERO = Decimal(0)


def by_asset(
    transactions: Iterable[Transaction], price: Price, currency: str
) -> dict[str, list[Transaction]]:
    """The transactions of each asset but NFTs, as if there were no other.

    transactions: with the confirmed transfers joined. price: in `currency`, values trades without
    a stated value.
    """
    ledger = list(transactions)
    cash = cash_pockets(ledger).tracked
    found: dict[str, list[Transaction]] = defaultdict(list)
    for t in ledger:
        bearer = _bearer(t)
        for asset in dict.fromkeys((t.asset_in, t.asset_out)):
            if asset and _counts(t, asset, cash):
                found[asset].append(_side(_without_fee(t, asset != bearer), asset, price, currency))
        if t.fee_asset and t.fee_asset != bearer and _counts(t, t.fee_asset, cash):
            found[t.fee_asset].append(_paid_fee(t))
    return {asset: found[asset] for asset in sorted(found) if not is_nft(asset)}


def _counts(t: Transaction, asset: str, cash: frozenset[tuple[str, str]]) -> bool:
    """Money paid or received where none is on record is outside; moving it says that it is."""
    exchanged = t.asset_in is not None and t.asset_out is not None and t.kind != "transfer"
    moves = asset in (t.asset_in, t.asset_out) and not exchanged
    return asset not in FIAT or moves or (t.account, asset) in cash


def _bearer(t: Transaction) -> str | None:
    """Whose cost the fee is."""
    coins = [asset for asset in (t.asset_in, t.asset_out) if asset and asset not in FIAT]
    if t.fee_asset is None or t.fee_asset in coins or not coins:
        return t.fee_asset
    return coins[0]


def _without_fee(t: Transaction, drop: bool) -> Transaction:
    return replace(t, fee_asset=None, fee_amount=_ZERO) if drop and t.fee_asset else t


def _side(t: Transaction, asset: str, price: Price, currency: str) -> Transaction:
    """What an exchange is to one of its two assets: bought or sold for money, or moved."""
    if t.asset_in is None or t.asset_out is None or t.asset_in == t.asset_out:
        return t
    incoming = asset == t.asset_in
    if asset not in FIAT:
        if (t.asset_out if incoming else t.asset_in) in FIAT:
            return t
        value = _value(t, price, currency) if currency in FIAT else None
        if value is not None and incoming:
            return replace(t, kind="buy", asset_out=currency, amount_out=value)
        if value is not None:
            return replace(t, kind="sell", asset_in=currency, amount_in=value)
    if incoming:
        return replace(t, kind="deposit", asset_out=None, amount_out=_ZERO)
    return replace(t, kind="withdrawal", asset_in=None, amount_in=_ZERO)


def _paid_fee(t: Transaction) -> Transaction:
    """The fee as money that went elsewhere."""
    return replace(
        t,
        kind="withdrawal",
        asset_in=None,
        amount_in=_ZERO,
        asset_out=t.fee_asset,
        amount_out=t.fee_amount,
        fee_asset=None,
        fee_amount=_ZERO,
        to_account=None,
    )


def _value(t: Transaction, price: Price, currency: str) -> Decimal | None:
    """What a trade was worth: as stated, else by the coin received, else by the coin given."""
    sides = (
        (t.value_currency, t.value),
        (t.asset_in, t.amount_in),
        (t.asset_out, t.amount_out),
    )
    for asset, amount in sides:
        if asset and amount is not None:
            unit = Decimal(1) if asset == currency else price(asset, t.time.date())
            if unit is not None:
                return unit * amount
    return None
