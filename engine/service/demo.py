"""The simulated demo portfolio, moved in time so that it ends now."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from engine.core.clock import FixedClock
from engine.core.records import SIMULATED, PricePoint, Transaction
from engine.core.resources import resource
from engine.ledger.importers import preview_import
from engine.market.prices import preview_prices

SOURCE = "Demo"
CURRENCY = "USD"

# The files are ours: no row of them is refused for lying ahead of a clock that is behind.
_LATER = FixedClock(datetime(2100, 1, 1, tzinfo=UTC))
_FRESH = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo portfolio is made of."""

    file_hash: str
    transactions: tuple[Transaction, ...]
    prices: tuple[PricePoint, ...]


def read_demo(today: date) -> Demo:
    """The shipped files; all days are shifted if their last price is not of the last few days."""
    transactions = preview_import(resource("demo", "transactions.csv"), lambda _: set(), _LATER)
    prices = preview_prices(resource("demo", "prices.csv"), CURRENCY, clock=_LATER)
    assert not transactions.refused
    assert not prices.refused
    assert prices.last is not None
    age = today - prices.last
    shift = timedelta(0) if timedelta(0) <= age <= _FRESH else age
    return Demo(
        transactions.file_hash,
        tuple(replace(row, time=row.time + shift) for row in transactions.rows),
        tuple(replace(row, day=row.day + shift, source=SIMULATED) for row in prices.rows),
    )
