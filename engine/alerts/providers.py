"""Where the rows of each topic come from: prices, the portfolio, measurements, scorecards."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Protocol

import numpy as np

from engine.alerts.feed import Provider
from engine.alerts.panel import Rows, SeriesId, Topic, flag_rows, price_rows, value_rows
from engine.core.records import FIAT, SIMULATED, PricePoint, Transaction
from engine.ledger.history import weight_history
from engine.ledger.pricing import Floats, Prices
from engine.store.prices import Bars


class PointAccess(Protocol):
    """Where prices come from; `engine.market.series.PriceBook` is one."""

    def points_since(self, asset: str, currency: str, day: date) -> Sequence[PricePoint]:
        """The points on and after a day, and the two before it."""
        ...


class BarAccess(Protocol):
    """Where prices are stored; `engine.store.prices.PriceRepo` is one."""

    def bars(self, asset: str, currency: str, since: date) -> Bars:
        """(day, close, high, low, source) on and after a day."""
        ...

    def currencies(self, asset: str) -> set[str]:
        """The currencies in which an asset has prices."""
        ...


class Portfolio(Protocol):
    """What the weights are worked out from; `simulated`: it is the demo."""

    @property
    def linked(self) -> Sequence[Transaction]: ...
    @property
    def prices(self) -> Prices: ...
    @property
    def currency(self) -> str: ...
    @property
    def today(self) -> date: ...
    @property
    def simulated(self) -> bool: ...


def prices(book: PointAccess, stored: BarAccess) -> Provider:
    """The prices; a name is "BTC/USD".

    The book, which knows the prices in other currencies as well, is asked only where there are any.
    """

    def rows(names: Sequence[str], start: date) -> Iterator[Rows]:
        for name in names:
            asset, _, currency = name.partition("/")
            if asset not in FIAT and stored.currencies(asset) <= {currency}:
                yield _bar_rows(name, stored.bars(asset, currency, start))
            elif points := book.points_since(asset, currency, start):
                yield price_rows(points)

    return rows


def _bar_rows(name: str, bars: Bars) -> Rows:
    days = np.array([date.fromisoformat(one[0]).toordinal() for one in bars], dtype=np.int64)
    close = np.array([float(one[1]) for one in bars])
    high, low = (
        np.array([np.nan if one is None else float(one) for one in extreme])
        for extreme in ([bar[2] for bar in bars], [bar[3] for bar in bars])
    )
    of_demo = [one[4] == SIMULATED for one in bars]
    simulated = frozenset(days[of_demo].tolist()) if any(of_demo) else frozenset[int]()
    return Rows(SeriesId("price", name), days, close, high, low, simulated=simulated)


def weights(portfolio: Callable[[], Portfolio]) -> Provider:
    """The weights of assets in the portfolio as it was on each day."""

    def rows(names: Sequence[str], start: date) -> Iterator[Rows]:
        now = portfolio()
        begun = min((one.time.date() for one in now.linked), default=date.max)
        first = max(start, begun)
        if first > now.today:
            return
        days, found = weight_history(now.linked, now.prices, now.currency, first, now.today)
        shares = np.array(list(found.values())).reshape(-1, len(days))
        known = np.isfinite(shares).any(axis=0)
        for name in names:
            # What is not held has no weight, on days on which the rest has one.
            share = found.get(name, np.where(known, 0.0, np.nan))
            one = value_rows(SeriesId("weight", name), days, share.tolist())
            marked = frozenset(one.days.tolist()) if now.simulated else frozenset[int]()
            yield Rows(one.series, one.days, one.close, one.high, one.low, simulated=marked)

    return rows


def measured(topic: Topic, read: Callable[[str], tuple[Sequence[date], Floats]]) -> Provider:
    """A topic of measurements; read: the days and values of a name."""

    def rows(names: Sequence[str], start: date) -> Iterator[Rows]:
        for name in names:
            days, values = read(name)
            yield value_rows(SeriesId(topic, name), days, values.tolist())

    return rows


def flags(read: Callable[[str], Sequence[tuple[date, frozenset[str]]]]) -> Provider:
    """The red flags of tokens; read: the day and the flags of each scorecard, oldest first."""

    def rows(names: Sequence[str], start: date) -> Iterator[Rows]:
        return (flag_rows(name, read(name)) for name in names)

    return rows
