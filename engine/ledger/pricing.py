"""How the ledger gets at prices."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.records import MAX_PRICE_AGE, PricePoint

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Prices(Protocol):
    """Daily closes; `engine.market.series.PriceBook` is one."""

    def quote(self, asset: str, currency: str, on: date) -> PricePoint | None:
        """The last close on or before a day, however old."""
        ...

    def closes(
        self, asset: str, currency: str, start: date, end: date
    ) -> tuple[list[date], Floats]:
        """The closes from start to end, both included."""
        ...


def fresh_price(prices: Prices, currency: str) -> Callable[[str, date], Decimal | None]:
    """A price function for `fifo`: the last close not older than MAX_PRICE_AGE."""

    def price(asset: str, day: date) -> Decimal | None:
        if asset == currency:
            return Decimal(1)
        point = prices.quote(asset, currency, day)
        return point.close if point and day - point.day <= MAX_PRICE_AGE else None

    return price


def filled_closes(
    prices: Prices, asset: str, currency: str, days: list[date]
) -> tuple[Floats, Flags]:
    """The close of each of the given consecutive days, NaN where none is fresh enough.

    Also returns where a close stands in for a missing one of a later day.
    """
    if asset == currency:
        return np.ones(len(days)), np.zeros(len(days), np.bool_)
    known, closes = prices.closes(asset, currency, days[0] - MAX_PRICE_AGE, days[-1])
    if not known:
        return np.full(len(days), np.nan), np.zeros(len(days), np.bool_)
    known_numbers = np.array([day.toordinal() for day in known])
    numbers = np.array([day.toordinal() for day in days])
    index = np.searchsorted(known_numbers, numbers, side="right") - 1
    age = numbers - known_numbers[index]
    fresh = (index >= 0) & (age <= MAX_PRICE_AGE.days)
    return np.where(fresh, closes[index], np.nan), fresh & (age > 0)
