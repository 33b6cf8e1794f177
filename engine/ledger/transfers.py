"""Finds the two halves of a transfer between the user's own accounts."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine.core.records import FIAT, Transaction
from engine.ledger.legs import in_order

LONGEST_WAY = timedelta(days=3)
_CLOCK_SKEW = timedelta(hours=1)


def link_transfers(transactions: Iterable[Transaction]) -> list[Transaction]:
    """The transactions in order, each withdrawal and its deposit made one transfer.

    They belong together if they are of exactly the same amount of the same coin and the deposit
    comes within three days. Nothing is linked on similar amounts, nor a deposit of stated cost.
    """
    ordered = in_order(transactions)
    waiting: dict[tuple[str, Decimal], deque[int]] = defaultdict(deque)
    for index, t in enumerate(ordered):
        if t.kind == "withdrawal" and t.asset_out and t.asset_out not in FIAT:
            waiting[t.asset_out, t.amount_out].append(index)
    linked: dict[int, Transaction] = {}
    arrived: set[int] = set()
    for index, t in enumerate(ordered):
        if t.kind != "deposit" or not t.asset_in or t.value is not None or t.fee_amount:
            continue
        candidates = waiting.get((t.asset_in, t.amount_in), deque())
        while candidates and t.time - ordered[candidates[0]].time > LONGEST_WAY:
            candidates.popleft()
        if candidates and ordered[candidates[0]].time - t.time <= _CLOCK_SKEW:
            sender = candidates.popleft()
            arrived.add(index)
            linked[sender] = replace(
                ordered[sender],
                kind="transfer",
                asset_in=t.asset_in,
                amount_in=t.amount_in,
                to_account=t.account,
            )
    return [linked.get(index, t) for index, t in enumerate(ordered) if index not in arrived]
