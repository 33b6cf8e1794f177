"""Which coins count as sold first: the methods, and the rules under which they are used."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from engine.core.errors import KnownError
from engine.ledger.queues import Piece

Method = Literal["fifo", "lifo", "hifo", "lofo", "average", "uk_pool"]
"""First in first out, last in first out, highest cost first, lowest cost first, the average cost
of all coins held (Canada's adjusted cost base), the United Kingdom's share pool."""

METHOD_NAMES: dict[Method, str] = {
    "fifo": "first in, first out",
    "lifo": "last in, first out",
    "hifo": "highest cost first",
    "lofo": "lowest cost first",
    "average": "average cost",
    "uk_pool": "UK share pool",
}


@dataclass(frozen=True, slots=True)
class CostBasis:
    """How cost is worked out.

    universal: coins of all accounts are one stock; else each account gives away its own.
    switches: (tax year, method) pairs in order: from the start of that tax year on the method is
    another one. A tax year has the number of the calendar year in which it starts.
    year_start: month and day on which tax years start (UTC).
    rank_with_fees: HIFO and LOFO rank lots by what a coin cost with fees, else by its price alone.
    long_days: coins held for at least so many full days were held long.
    Raises KnownError for combinations that make no sense.
    """

    method: Method = "fifo"
    universal: bool = False
    switches: tuple[tuple[int, Method], ...] = ()
    year_start: tuple[int, int] = (1, 1)
    rank_with_fees: bool = True
    long_days: int = 365

    def __post_init__(self) -> None:
        used = {self.method, *(method for _, method in self.switches)}
        unknown = sorted(used - set(get_args(Method)))
        if unknown:
            raise KnownError(f"There is no cost-basis method called {unknown[0]}.")
        years = [year for year, _ in self.switches]
        if years != sorted(set(years)):
            raise KnownError("The tax years of the changes of method must be in order, each once.")
        if "uk_pool" in used and (self.switches or not self.universal):
            raise KnownError(
                "The UK share pool counts the coins of all accounts together, in every year.",
                "Choose it for all accounts and without another method beside it.",
            )

    def described(self) -> str:
        """The methods in words, for the texts beside figures: "first in, first out"."""
        words = METHOD_NAMES[self.method]
        if self.universal and self.method != "uk_pool":
            words += " over all accounts"
        return words + "".join(
            f", {METHOD_NAMES[method]} from {self._start(year):%Y-%m-%d} on"
            for year, method in self.switches
        )

    def changes(self) -> list[tuple[datetime, Method]]:
        """The moments from which another method holds."""
        return [(self._start(year), method) for year, method in self.switches]

    def _start(self, year: int) -> datetime:
        return datetime(year, *self.year_start, tzinfo=UTC)

    @property
    def ranks_by_cost(self) -> bool:
        """Whether lots are ever ranked by what a coin cost."""
        return not {"hifo", "lofo"}.isdisjoint((self.method, *(m for _, m in self.switches)))


def rank(method: Method) -> Callable[[Piece], Any]:
    """The key by which a method gives pieces away, the smallest first.

    Numbers count acquisitions in order of time. Coins of unknown cost go last in HIFO and LOFO;
    of the same cost, the older go first. The average cost method gives the oldest away.
    """
    return {"lifo": _newest, "hifo": _dearest, "lofo": _cheapest}.get(method, _oldest)


def _oldest(piece: Piece) -> int:
    return piece.number


def _newest(piece: Piece) -> int:
    return -piece.number


def _dearest(piece: Piece) -> Any:
    price = piece.price
    return (1, piece.number) if price is None else (0, -price, piece.number)


def _cheapest(piece: Piece) -> Any:
    price = piece.price
    return (1, piece.number) if price is None else (0, price, piece.number)
