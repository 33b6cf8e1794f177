"""What tools may look at: the portfolio, prices, alerts, the knowledge base and the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from engine.alerts.listing import Alert
from engine.analytics import periods
from engine.assistant.knowledge import Knowledge
from engine.assistant.tools.library import EmptyLibrary, Library
from engine.core.errors import PRICES_FROM, KnownError
from engine.core.records import FIAT, MAX_PRICE_AGE, Transaction, is_nft
from engine.ledger.history import History, value_history
from engine.ledger.legs import holdings
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis
from engine.ledger.pricing import Floats, Prices, fresh_price
from engine.ledger.transfers import (
    Candidate,
    decisions,
    link_transfers,
    no_longer_fitting,
    propose_pairs,
    unconfirmed,
)
from engine.ledger.valuation import Valuation, valuation
from engine.store.pairs import Pair, PairState


@dataclass(frozen=True)
class ToolContext:
    """One consistent view of the user's data for the length of a turn.

    currency: what figures are reported in. simulated: the portfolio is the demo. pairs: which
    withdrawals and deposits the user has said to be one transfer, or not. basis: how cost is
    worked out.
    """

    transactions: Sequence[Transaction]
    prices: Prices
    alerts: Sequence[Alert]
    knowledge: Knowledge
    currency: str
    today: date
    simulated: bool = False
    library: Library = field(default_factory=EmptyLibrary)
    pairs: Mapping[Pair, PairState] = field(default_factory=dict)
    basis: CostBasis = field(default_factory=CostBasis)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """Names of the user's accounts."""
        names = {t.account for t in self.transactions}
        names |= {t.to_account for t in self.transactions if t.to_account}
        return tuple(sorted(names))

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Symbols the user holds or held, without fiat money and NFTs."""
        symbols = {
            symbol
            for t in self.transactions
            for symbol in (t.asset_in, t.asset_out)
            if symbol and symbol not in FIAT and not is_nft(symbol)
        }
        return tuple(sorted(symbols))

    @cached_property
    def linked(self) -> tuple[Transaction, ...]:
        """Transactions by time, the withdrawals and deposits that are one transfer joined."""
        confirmed = {pair for pair, state in self.pairs.items() if state == "confirmed"}
        return tuple(link_transfers(self.transactions, confirmed))

    @cached_property
    def proposed(self) -> tuple[Candidate, ...]:
        """Withdrawals and deposits that look like transfers and wait for the user's word."""
        return tuple(propose_pairs(self.linked, self.pairs.keys()))

    @cached_property
    def book(self) -> LotBook:
        """All lots and disposals, by the user's cost basis."""
        return self._book(self.linked)

    def book_on(self, day: date) -> LotBook:
        """Lots and disposals as they were at the end of a day."""
        past = [t for t in self.linked if t.time.date() <= day]
        return self.book if len(past) == len(self.linked) else self._book(past)

    def _book(self, transactions: Sequence[Transaction]) -> LotBook:
        price = fresh_price(self.prices, self.currency)
        book = cost_basis(transactions, price, self.currency, self.basis)
        edited = no_longer_fitting(decisions(self.transactions, self.pairs))
        return replace(book, missing=(*edited, *unconfirmed(self.proposed), *book.missing))

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
        day = on or self.today
        return valuation(
            self.linked, self.book_on(day), self.prices, self.currency, day, account=account
        )

    def amount(self, asset: str, account: str | None = None) -> Decimal:
        """What the records hold of an asset now; below zero if purchases are missing."""
        return holdings(self.linked, self.today, account).get(asset, Decimal(0))

    def window(self, period: str | None, first: date | None = None) -> tuple[date, date, str]:
        """First and last day of a period, and how to call it."""
        return periods.resolve(period, self.today, first or self.first_day)

    def recorded_window(self, period: str | None) -> tuple[date, date]:
        """First and last day of a period, from the first transaction on; KnownError before it."""
        self.require_portfolio()
        start, end, label = self.window(period)
        if end < self.first_day:
            raise KnownError(
                f"The portfolio only begins on {self.first_day}, after {label}.",
                "Choose a later period.",
            )
        return max(start, self.first_day), end

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
                PRICES_FROM,
            )
        return days[0]

    def closes(self, asset: str, period: str | None) -> tuple[list[date], Floats]:
        """Days and closes of one asset over a period, with the close before it if there is one."""
        start, end, _ = self.window(period, self.first_price_day(asset))
        return self.prices.closes(asset, self.currency, start - timedelta(1), end)

    def history_of(self, period: str | None) -> History:
        """The history of a period, from the first transaction on; KnownError without any value."""
        history = self.history(*self.recorded_window(period))
        coins = {asset for asset in self.assets if self.amount(asset, None)}
        first, last = history.days[0] - MAX_PRICE_AGE, history.days[-1]
        unseen = bool(coins) and not any(
            self.prices.closes(coin, self.currency, first, last)[0] for coin in coins
        )
        if unseen or not (history.opening or history.values.any() or history.flows.any()):
            raise KnownError(
                "Nothing that was held in this period has a price, so no return can be computed.",
                PRICES_FROM,
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
