"""Coins waiting in accounts, in the order in which they are given away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Any

_ZERO = Decimal(0)
_Pocket = tuple[str, str]
_Entry = tuple[Any, int, "Piece"]


@dataclass(slots=True)
class Piece:
    """Coins acquired together; number counts acquisitions in order of time.

    cost: of all of it, None = unknown. price: of one coin, by which pieces may be ranked.
    """

    time: datetime
    number: int
    amount: Decimal
    cost: Decimal | None
    price: Decimal | None

    def split(self, amount: Decimal) -> "Piece":
        """Take part of this piece away with its share of the cost; nothing of the cost is lost."""
        cost = self.cost
        if cost is not None:
            cost = cost * amount / self.amount
            self.cost -= cost  # type: ignore[operator]
        self.amount -= amount
        return Piece(self.time, self.number, amount, cost, self.price)


@dataclass(slots=True)
class _Pool:
    """The coins of known cost in one pocket, and what they cost together."""

    amount: Decimal = _ZERO
    cost: Decimal = _ZERO

    def add(self, piece: Piece) -> None:
        if piece.cost is not None:
            self.amount += piece.amount
            self.cost += piece.cost

    def charge(self, piece: Piece) -> None:
        """Take a piece out at the average cost; the last one takes all that is left."""
        if piece.cost is None:
            return
        last = piece.amount == self.amount
        piece.cost = self.cost if last else self.cost * piece.amount / self.amount
        self.amount -= piece.amount
        self.cost -= piece.cost


class Queues:
    """One queue per account and asset; pieces of the smallest rank are given away first."""

    def __init__(self, rank: Callable[[Piece], Any], average: bool = False) -> None:
        self._queues: dict[_Pocket, list[_Entry]] = {}
        self._pools: dict[_Pocket, _Pool] | None = {} if average else None
        self._rank = rank
        self._serial = 0

    def put(self, account: str, asset: str, piece: Piece) -> None:
        """Put coins into an account."""
        pocket = (account, asset)
        queue = self._queues.get(pocket)
        if queue is None:
            queue = self._queues[pocket] = []
        self._serial += 1
        heappush(queue, (self._rank(piece), self._serial, piece))
        if self._pools is not None:
            self._pools.setdefault(pocket, _Pool()).add(piece)

    def take(self, account: str, asset: str, amount: Decimal) -> tuple[list[Piece], Decimal]:
        """Take coins out; returns them and how much was not there."""
        taken: list[Piece] = []
        queue = self._queues.get((account, asset))
        while queue and amount > 0:
            piece = queue[0][2]
            if piece.amount > amount:
                taken.append(piece.split(amount))
                amount = _ZERO
            else:
                heappop(queue)
                taken.append(piece)
                amount -= piece.amount
        if self._pools is not None and taken:
            pool = self._pools[account, asset]
            for piece in taken:
                pool.charge(piece)
        return taken, amount if amount > 0 else _ZERO

    def reorder(self, rank: Callable[[Piece], Any], average: bool) -> None:
        """Give away by another rank from now on; leaving the average leaves each piece with it."""
        self._settle()
        self._pools = {} if average else None
        self._rank = rank
        for pocket, queue in self._queues.items():
            queue[:] = [(rank(piece), serial, piece) for _, serial, piece in queue]
            heapify(queue)
            if self._pools is not None:
                pool = self._pools[pocket] = _Pool()
                for _, _, piece in queue:
                    pool.add(piece)

    def left(self) -> Iterator[tuple[str, str, Piece]]:
        """All coins still there as (account, asset, piece), sorted, the oldest first."""
        self._settle()
        for (account, asset), queue in sorted(self._queues.items(), key=lambda item: item[0]):
            for piece in sorted((entry[2] for entry in queue), key=lambda piece: piece.number):
                yield account, asset, piece

    def _settle(self) -> None:
        """Write the average cost into the pieces."""
        for pocket, pool in (self._pools or {}).items():
            rest = _Pool(pool.amount, pool.cost)
            for _, _, piece in self._queues[pocket]:
                if piece.cost is not None:
                    piece.price = pool.cost / pool.amount
                    rest.charge(piece)
