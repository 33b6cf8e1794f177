"""What tools may look at: the portfolio, prices, alerts, the knowledge base and the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from engine.analytics import periods
from engine.assistant.knowledge import Knowledge
from engine.core.errors import KnownError
from engine.core.records import FIAT, Transaction
from engine.ledger.history import History, value_history
from engine.ledger.legs import holdings
from engine.ledger.lots import LotBook, fifo
from engine.ledger.pricing import Floats, Prices, fresh_price
from engine.ledger.transfers import link_transfers
from engine.ledger.valuation import Valuation, valuation


class AlertLike(Protocol):
    """An alert of the store, as far as tools look at it."""

    @property
    def asset(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def value(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def armed(self) -> bool: ...


@dataclass(frozen=True)
class ToolContext:
    """One consistent view of the user's data for the length of a turn.

    currency: what figures are reported in. simulated: the portfolio is the demo.
    """

    transactions: Sequence[Transaction]
    prices: Prices
    alerts: Sequence[AlertLike]
    knowledge: Knowledge
    currency: str
    today: date
    simulated: bool = False

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """Names of the user's accounts."""
        names = {t.account for t in self.transactions}
        names |= {t.to_account for t in self.transactions if t.to_account}
        return tuple(sorted(names))

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Symbols the user holds or held, without fiat money."""
        symbols = {
            symbol
            for t in self.transactions
            for symbol in (t.asset_in, t.asset_out)
            if symbol and symbol not in FIAT
        }
        return tuple(sorted(symbols))

    @cached_property
    def linked(self) -> tuple[Transaction, ...]:
        """Transactions with withdrawals and deposits that are one transfer joined."""
        return tuple(link_transfers(self.transactions))

    @cached_property
    def book(self) -> LotBook:
        """All lots and disposals up to now, first in first out."""
        return fifo(self.linked, fresh_price(self.prices, self.currency), self.currency)

    @property
    def first_day(self) -> date:
        """The day of the oldest transaction."""
        return min((t.time.date() for t in self.transactions), default=self.today)

    def require_portfolio(self) -> None:
        """Raises KnownError when nothing was imported yet."""
        if not self.transactions:
            raise KnownError(
                "There is no portfolio yet.",
                "Import a CSV file from your exchange or load the demo portfolio, then ask again.",
            )

    def valuation(self, on: date | None = None, account: str | None = None) -> Valuation:
        """Holdings and values at the end of a day."""
        self.require_portfolio()
        return valuation(
            self.transactions, self.prices, self.currency, on or self.today, account=account
        )

    def amount(self, asset: str, account: str | None = None) -> Decimal:
        """What the records hold of an asset now; below zero if purchases are missing."""
        return holdings(self.linked, self.today, account).get(asset, Decimal(0))

    def window(self, period: str | None, first: date | None = None) -> tuple[date, date, str]:
        """First and last day of a period, and how to call it."""
        return periods.resolve(period, self.today, first or self.first_day)

    def history(self, start: date, end: date) -> History:
        """Daily values and flows of the whole portfolio."""
        self.require_portfolio()
        return value_history(self.linked, self.prices, self.currency, start, end)

    def last_price(self, asset: str) -> Decimal | None:
        """The last close that is fresh enough to count as the price now."""
        return fresh_price(self.prices, self.currency)(asset, self.today)

    def knows_rate(self, currency: str) -> bool:
        """Whether there is an exchange rate between the reporting currency and another one."""
        return self.prices.quote(currency, self.currency, self.today) is not None

    def first_price_day(self, asset: str) -> date:
        """The first day with a close of `asset`; KnownError when there is none."""
        days, _ = self.prices.closes(asset, self.currency, date(2009, 1, 1), self.today)
        if not days:
            raise KnownError(
                f"There are no {self.currency} prices for {asset}.",
                "Import its price history as a CSV file (Portfolio → Import prices).",
            )
        return days[0]

    def closes(self, asset: str, period: str | None) -> tuple[list[date], Floats]:
        """Days and closes of one asset over a period, with the close before it if there is one."""
        start, end, _ = self.window(period, self.first_price_day(asset))
        return self.prices.closes(asset, self.currency, start - timedelta(1), end)

    def history_of(self, period: str | None) -> History:
        """The history of a period, from the first transaction on; KnownError without any value."""
        self.require_portfolio()
        start, end, label = self.window(period)
        if end < self.first_day:
            raise KnownError(
                f"The portfolio only begins on {self.first_day}, after {label}.",
                "Choose a later period.",
            )
        history = self.history(max(start, self.first_day), end)
        if not (history.opening or history.values.any() or history.flows.any()):
            raise KnownError(
                "Nothing that was held in this period has a price, so no return can be computed.",
                "Import its price history as a CSV file (Portfolio → Import prices).",
            )
        return history


def parse_day(value: object, today: date) -> date:
    """A past day from an argument, today if it is None; KnownError if it is none or to come."""
    if value is None:
        return today
    try:
        day = date.fromisoformat(str(value))
    except ValueError as error:
        raise KnownError(f"{value} is not a day.", "Write it as 2025-03-31.") from error
    if day > today:
        raise KnownError(f"{day} is in the future.", "Assay makes no predictions.")
    return day
