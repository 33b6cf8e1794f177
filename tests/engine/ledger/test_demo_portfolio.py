"""The demo portfolio is whole: nothing refused, nothing missing, and labelled as simulated."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.core.clock import FixedClock
from engine.core.records import PricePoint
from engine.core.resources import resource
from engine.ledger.history import value_history
from engine.ledger.importers import ImportPreview, preview_import
from engine.ledger.lots import fifo
from engine.ledger.pricing import fresh_price
from engine.market.prices import PricePreview, preview_prices
from engine.market.series import PriceBook
from tests.engine.ledger.ledger_samples import value_at

TODAY = date(2026, 11, 22)
CLOCK = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
ASSETS = ("ADA", "AVAX", "BTC", "ETH", "LINK", "SOL", "USDC")


@pytest.fixture(scope="module")
def transactions() -> ImportPreview:
    return preview_import(resource("demo", "transactions.csv"), lambda hashes: set(), CLOCK)


@pytest.fixture(scope="module")
def prices() -> PricePreview:
    return preview_prices(resource("demo", "prices.csv"), clock=CLOCK)


@pytest.fixture(scope="module")
def book(prices: PricePreview) -> PriceBook:
    class Source:
        def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
            return [p for p in prices.rows if (p.asset, p.currency) == (asset, currency)]

    return PriceBook(Source())


def test_every_row_is_understood(transactions: ImportPreview, prices: PricePreview) -> None:
    assert not transactions.refused
    assert not transactions.warnings
    assert len(transactions.rows) >= 100
    assert {t.account for t in transactions.rows} == {"Coinbase", "Kraken", "Ledger"}
    kinds = {"buy", "sell", "trade", "income", "transfer", "fee"}
    assert {t.kind for t in transactions.rows} == kinds
    assert not prices.refused
    assert prices.assets == ASSETS
    assert (prices.first, prices.last) == (date(2023, 1, 1), date(2026, 11, 20))
    assert len(prices.rows) == 7 * 1420


def test_every_figure_can_be_computed(transactions: ImportPreview, book: PriceBook) -> None:
    rows = list(transactions.rows)
    result = value_at(rows, book, "USD", TODAY)
    assert not result.missing
    assert tuple(sorted(row.asset for row in result.rows)) == ASSETS
    assert all(row.value and row.unrealised is not None for row in result.rows)
    assert sum(row.weight or Decimal(0) for row in result.rows) == pytest.approx(Decimal(1))
    accounts = [value_at(rows, book, "USD", TODAY, account=name).total for name in
                ("Coinbase", "Kraken", "Ledger")]  # fmt: skip
    assert abs(sum(accounts) - result.total) < Decimal("1e-20")
    history = value_history(rows, book, "USD", date(2023, 1, 5), TODAY)
    assert history.values[-1] == pytest.approx(float(result.total))
    assert (history.values > 0).all()


def test_no_lot_is_lost(transactions: ImportPreview, book: PriceBook) -> None:
    lots = fifo(transactions.rows, fresh_price(book, "USD"), "USD")
    held = {row.asset: row.amount for row in value_at(
        transactions.rows, book, "USD", TODAY).rows}  # fmt: skip
    for asset in ASSETS:
        assert sum(lot.amount for lot in lots.open if lot.asset == asset) == held[asset]


def test_the_files_say_that_they_are_simulated() -> None:
    for name in ("transactions.csv", "prices.csv"):
        path = resource("demo", name)
        assert "Simulated" in path.read_text(encoding="utf-8").splitlines()[0]
        assert path.stat().st_size < 300_000
