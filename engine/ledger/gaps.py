"""What the records do not tell, gathered into one sentence per kind and asset."""

from datetime import date
from decimal import Decimal

from engine.core.money import format_amount

_Pocket = tuple[str, str]


class Gaps:
    """Collects what is missing while lots are worked out; `sentences` says it."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._short: dict[_Pocket, tuple[Decimal, date]] = {}
        self._costless: dict[_Pocket, tuple[Decimal, date]] = {}
        self._unvalued: dict[str, tuple[int, date]] = {}
        self._estimated: dict[str, tuple[int, date]] = {}

    def short(self, account: str, asset: str, amount: Decimal, day: date) -> None:
        """More left an account than the records had brought in."""
        known, first = self._short.get((account, asset), (Decimal(0), day))
        self._short[account, asset] = (known + amount, first)

    def costless(self, account: str, asset: str, amount: Decimal, day: date) -> None:
        """Coins came in and nothing says what they cost."""
        known, first = self._costless.get((account, asset), (Decimal(0), day))
        self._costless[account, asset] = (known + amount, first)

    def unvalued(self, assets: tuple[str | None, ...], day: date) -> None:
        """There was no price to value an entry with."""
        name = " for ".join(asset for asset in assets if asset)
        count, first = self._unvalued.get(name, (0, day))
        self._unvalued[name] = (count + 1, first)

    def estimated(self, currency: str, day: date) -> None:
        """A payment in another currency was valued by the coin's closing price instead."""
        count, first = self._estimated.get(currency, (0, day))
        self._estimated[currency] = (count + 1, first)

    def sentences(self) -> tuple[str, ...]:
        """One sentence per gap, in a fixed order."""
        found = [
            f"{format_amount(amount)} {asset} left {account} (first on {first}) without a "
            "recorded purchase; its gain is left out."
            for (account, asset), (amount, first) in sorted(self._short.items())
        ]
        found += [
            f"{format_amount(amount)} {asset} came into {account} (first on {first}) at an "
            "unknown cost; its gain is left out."
            for (account, asset), (amount, first) in sorted(self._costless.items())
        ]
        found += [
            f"{_entries(count)} of {name} (first on {first}) could not be valued in "
            f"{self._currency}: there is no price for the day."
            for name, (count, first) in sorted(self._unvalued.items())
        ]
        found += [
            f"{_entries(count)} in {fiat} (first on {first}) were valued by the coin's closing "
            f"price: there is no price of {fiat} in {self._currency}."
            for fiat, (count, first) in sorted(self._estimated.items())
        ]
        return tuple(found)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
