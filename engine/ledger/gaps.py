"""What the records do not tell, gathered into one sentence per kind and asset."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from engine.core.money import format_amount

_Pocket = tuple[str, str]


class Gap(str):
    """A sentence about something that is not known; assets: what it is about.

    first: the day of the first entry that it is about, None if it is about no entry.
    """

    __slots__ = ("assets", "first")
    assets: frozenset[str]
    first: date | None

    def __new__(cls, sentence: str, *assets: str, first: date | None = None) -> "Gap":
        gap = super().__new__(cls, sentence)
        gap.assets = frozenset(assets)
        gap.first = first
        return gap


def about(gaps: Iterable[Gap], asset: str) -> tuple[Gap, ...]:
    """The sentences that are about one asset."""
    return tuple(gap for gap in gaps if asset in gap.assets)


_COINS = {
    "short": "left {account} (first on {first}) without a recorded purchase; its gain is left out.",
    "costless": "came into {account} (first on {first}) at an unknown cost; its gain is left out.",
    "gift": "came into {account} as a gift (first on {first}) and costs what it was worth that "
    "day; state its value if the giver's cost counts.",
}


class Gaps:
    """Collects what is missing while lots are worked out; `sentences` says it."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._coins: dict[str, dict[_Pocket, tuple[Decimal, date]]] = {how: {} for how in _COINS}
        self._unvalued: dict[tuple[str, ...], tuple[int, date]] = {}
        self._estimated: dict[str, tuple[int, date, set[str]]] = {}

    def short(self, account: str, asset: str, amount: Decimal, day: date) -> None:
        """More left an account than the records had brought in."""
        self._add("short", account, asset, amount, day)

    def costless(self, account: str, asset: str, amount: Decimal, day: date) -> None:
        """Coins came in and nothing says what they cost."""
        self._add("costless", account, asset, amount, day)

    def gift(self, account: str, asset: str, amount: Decimal, day: date) -> None:
        """Coins came as a gift, and nothing says what they had cost the giver."""
        self._add("gift", account, asset, amount, day)

    def unvalued(self, assets: tuple[str | None, ...], day: date) -> None:
        """There was no price to value an entry with."""
        named = tuple(asset for asset in assets if asset)
        count, first = self._unvalued.get(named, (0, day))
        self._unvalued[named] = (count + 1, first)

    def estimated(self, currency: str, asset: str, day: date) -> None:
        """A payment in another currency was valued by the coin's closing price instead."""
        count, first, coins = self._estimated.get(currency, (0, day, set()))
        self._estimated[currency] = (count + 1, first, coins | {asset})

    def sentences(self) -> tuple[Gap, ...]:
        """One sentence per gap, in a fixed order."""
        found = [
            Gap(
                f"{format_amount(amount)} {asset} {words.format(account=account, first=first)}",
                asset,
                first=first,
            )
            for how, words in _COINS.items()
            for (account, asset), (amount, first) in sorted(self._coins[how].items())
        ]
        found += [
            Gap(
                f"{_entries(count)} of {' for '.join(assets)} (first on {first}) could not be "
                f"valued in {self._currency}: there is no price for the day.",
                *assets,
                first=first,
            )
            for assets, (count, first) in sorted(self._unvalued.items())
        ]
        found += [
            Gap(
                f"{_entries(count)} in {fiat} (first on {first}) were valued by the coin's closing "
                f"price: there is no price of {fiat} in {self._currency}.",
                *coins,
                first=first,
            )
            for fiat, (count, first, coins) in sorted(self._estimated.items())
        ]
        return tuple(found)

    def _add(self, how: str, account: str, asset: str, amount: Decimal, day: date) -> None:
        known, first = self._coins[how].get((account, asset), (Decimal(0), day))
        self._coins[how][account, asset] = (known + amount, first)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
