"""What a transaction does to balances, and the order in which transactions are worked through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter, eq
from typing import Literal

from engine.core.records import FIAT, Transaction

Balances = Mapping[tuple[str, str], Decimal]
"""What is held by (account, asset)."""

_TOLERANCE = Decimal("0.01")
"""A fiat balance this little below zero is rounding."""

_ORDER = {
    "buy": 0,
    "transfer": 1,
    "trade": 1,
    "nft_buy": 1,
    "nft_sell": 1,
    "lp_add": 1,
    "lp_remove": 1,
}
_MOVED = frozenset({
    "deposit", "withdrawal", "transfer", "gift", "spend", "loss", "correction"
})  # fmt: skip
"""Kinds by which fiat money is seen to come into an account or to leave it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The change of one balance; side says which part of the transaction it is."""

    account: str
    asset: str
    change: Decimal
    side: Literal["in", "out", "fee"]


def in_order(transactions: Iterable[Transaction]) -> list[Transaction]:
    """By time; within the same second what comes in goes before what goes out.

    What comes into several accounts in the same second does so by their names, so that it is all
    the same in which order their files were imported.
    """
    ordered = sorted(transactions, key=attrgetter("time"))
    times = [t.time for t in ordered]
    if any(map(eq, times, times[1:])):
        ordered.sort(key=_place)  # only now, for it takes as long as all the rest of the ordering
    return ordered


def _place(t: Transaction) -> tuple[datetime, int, str]:
    place = _ORDER.get(t.kind, 2 if t.asset_out else 0)
    return t.time, place, "" if place else t.account


def legs(t: Transaction) -> list[Leg]:
    """The balances a transaction changes: +in, -out, -fee; a transfer's fee is the sender's."""
    found = []
    receiver = t.to_account if t.kind == "transfer" and t.to_account else t.account
    if t.asset_out:
        found.append(Leg(t.account, t.asset_out, -t.amount_out, "out"))
    if t.asset_in:
        received = t.amount_in or (t.amount_out if t.kind == "transfer" else t.amount_in)
        found.append(Leg(receiver, t.asset_in, received, "in"))
    if t.fee_asset and t.fee_amount:
        found.append(Leg(t.account, t.fee_asset, -t.fee_amount, "fee"))
    return found


@dataclass(frozen=True, slots=True)
class Cash:
    """The (account, currency) pairs that have recorded fiat movements.

    tracked: the records explain the balance. unexplained: it would fall below zero, so that some
    of the money came from a bank the records do not show.
    """

    tracked: frozenset[tuple[str, str]]
    unexplained: frozenset[tuple[str, str]]


def cash_pockets(transactions: Iterable[Transaction]) -> Cash:
    """Where fiat counts as held: only where it was seen to come in and never falls below zero."""
    balances: dict[tuple[str, str], Decimal] = {}
    moved: set[tuple[str, str]] = set()
    overdrawn: set[tuple[str, str]] = set()
    for t in in_order(transactions):
        for leg in legs(t):
            if leg.asset not in FIAT:
                continue
            pocket = (leg.account, leg.asset)
            balances[pocket] = balances.get(pocket, Decimal(0)) + leg.change
            if t.kind in _MOVED and leg.side != "fee":
                moved.add(pocket)
            if balances[pocket] < -_TOLERANCE:
                overdrawn.add(pocket)
    return Cash(frozenset(moved - overdrawn), frozenset(moved & overdrawn))


def holdings(
    transactions: Iterable[Transaction], on: date | None = None, account: str | None = None
) -> dict[str, Decimal]:
    """How much of each asset is held at the end of a day (None = now), in one account or all.

    Fiat counts where `cash_pockets` tracks it; NFTs are among them, of amount 1. A negative amount
    means that history is missing.
    """
    return held_in(balances(transactions, on), account)


def held_in(held: Balances, account: str | None) -> dict[str, Decimal]:
    """How much of each asset one account or all of them hold, by alphabet; not what is nothing."""
    amounts: dict[str, Decimal] = {}
    for (name, asset), amount in held.items():
        if account in (None, name):
            amounts[asset] = amounts.get(asset, Decimal(0)) + amount
    return {asset: amount for asset, amount in sorted(amounts.items()) if amount}


def balances(transactions: Iterable[Transaction], on: date | None = None) -> Balances:
    """What `holdings` gives, for each account by itself."""
    everything = list(transactions)
    cash = cash_pockets(everything).tracked
    found: dict[tuple[str, str], Decimal] = {}
    for t in everything:
        if on is not None and t.time.date() > on:
            continue
        for leg in legs(t):
            pocket = (leg.account, leg.asset)
            if leg.asset not in FIAT or pocket in cash:
                found[pocket] = found.get(pocket, Decimal(0)) + leg.change
    return found
