"""Gives lots away as a cost-basis method says: by rank, or at the average cost of all."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engine.core.records import Transaction
from engine.ledger.gaps import Gaps
from engine.ledger.lotbook import Disposal, Lot, Rule
from engine.ledger.methods import CostBasis, rank
from engine.ledger.queues import Piece, Queues


class Matching(Protocol):
    """Coins come, go and move, in order of time; the result says what was given away for what."""

    def acquire(
        self,
        t: Transaction,
        asset: str,
        amount: Decimal,
        cost: Decimal | None,
        price: Decimal | None,
    ) -> None:
        """Coins came in; cost is with fees, None = unknown; price ranks them, None = cost does."""
        ...

    def dispose(
        self, t: Transaction, asset: str, amount: Decimal, proceeds: Decimal | None
    ) -> None:
        """Coins were given away; no gain is booked for what has no known cost or proceeds."""
        ...

    def withdraw(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Coins left the books without a gain."""
        ...

    def move(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Coins went from one own account to another."""
        ...

    def result(self) -> tuple[tuple[Lot, ...], tuple[Disposal, ...]]:
        """What is left and what was given away."""
        ...


class LotMatching:
    """FIFO, LIFO, HIFO, LOFO and average cost, by account or over all accounts."""

    def __init__(self, basis: CostBasis, gaps: Gaps) -> None:
        self._gaps = gaps
        self._changes = basis.changes()[::-1]
        self._universal = basis.universal
        self._rule: Rule = "average" if basis.method == "average" else "lot"
        self._queues = Queues(rank(basis.method), basis.method == "average")
        self._ranks_by_cost = basis.ranks_by_cost
        self._disposals: list[Disposal] = []
        self._number = 0

    def acquire(
        self,
        t: Transaction,
        asset: str,
        amount: Decimal,
        cost: Decimal | None,
        price: Decimal | None,
    ) -> None:
        """Put the coins into their account."""
        if amount <= 0:
            return
        if self._changes:
            self._turn(t.time)
        if price is None and self._ranks_by_cost and cost is not None:
            price = cost / amount
        account = "" if self._universal else t.account
        self._number += 1
        self._queues.put(account, asset, Piece(t.time, self._number, amount, cost, price))

    def dispose(
        self, t: Transaction, asset: str, amount: Decimal, proceeds: Decimal | None
    ) -> None:
        """Book the gain of each piece."""
        pieces = self._take(t, asset, amount)
        if proceeds is None:
            return
        account, time, rule = t.account, t.time, self._rule
        for piece in pieces:
            cost, part = piece.cost, piece.amount
            if cost is None:
                continue
            share = proceeds if part == amount else proceeds * part / amount
            # _make takes half the time of a call, and long ledgers have a million disposals.
            self._disposals.append(
                Disposal._make(
                    (asset, account, time, part, share, cost, share - cost, piece.time, rule)
                )
            )

    def withdraw(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Take the coins out."""
        self._take(t, asset, amount)

    def move(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Move pieces with their dates and costs."""
        if not self._universal:
            for piece in self._take(t, asset, amount):
                self._queues.put(t.to_account or t.account, asset, piece)

    def result(self) -> tuple[tuple[Lot, ...], tuple[Disposal, ...]]:
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
        return lots, tuple(self._disposals)

    def _take(self, t: Transaction, asset: str, amount: Decimal) -> list[Piece]:
        if self._changes:
            self._turn(t.time)
        account = "" if self._universal else t.account
        pieces, short = self._queues.take(account, asset, amount)
        if short:
            self._gaps.short(t.account, asset, short, t.time.date())
        return pieces

    def _turn(self, now: datetime) -> None:
        """Change the method when its tax year has come."""
        while self._changes and now >= self._changes[-1][0]:
            _, method = self._changes.pop()
            self._rule = "average" if method == "average" else "lot"
            self._queues.reorder(rank(method), method == "average")
