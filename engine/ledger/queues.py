"""Coins waiting in accounts, the oldest first."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True, order=True)
class Piece:
    """Coins acquired together; number keeps the order within one second; cost None = unknown."""

    time: datetime
    number: int
    amount: Decimal = field(compare=False)
    cost: Decimal | None = field(compare=False)

    def split(self, amount: Decimal) -> "Piece":
        """Take part of this piece away with its share of the cost; nothing of the cost is lost."""
        cost = None
        if self.cost is not None:
            cost = self.cost * amount / self.amount
            self.cost -= cost
        self.amount -= amount
        return Piece(self.time, self.number, amount, cost)


class Queues:
    """One queue per account and asset."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], list[Piece]] = {}
        self._count = 0

    def acquire(
        self, account: str, asset: str, amount: Decimal, time: datetime, cost: Decimal | None
    ) -> None:
        """Put newly acquired coins into an account."""
        if amount > 0:
            self._count += 1
            self.put(account, asset, Piece(time, self._count, amount, cost))

    def put(self, account: str, asset: str, piece: Piece) -> None:
        """Put coins into an account with the date and cost they already have."""
        heapq.heappush(self._queues.setdefault((account, asset), []), piece)

    def take(self, account: str, asset: str, amount: Decimal) -> tuple[list[Piece], Decimal]:
        """Take the oldest coins out; returns them and how much was not there."""
        queue = self._queues.get((account, asset), [])
        taken = []
        while amount > 0 and queue:
            piece = heapq.heappop(queue) if queue[0].amount <= amount else queue[0].split(amount)
            amount -= piece.amount
            taken.append(piece)
        return taken, max(amount, Decimal(0))

    def left(self) -> Iterator[tuple[str, str, Piece]]:
        """All coins still there as (account, asset, piece), sorted."""
        for (account, asset), queue in sorted(self._queues.items()):
            for piece in sorted(queue):
                yield account, asset, piece
