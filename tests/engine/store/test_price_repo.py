"""Daily prices: which of several imports counts, and what undoing one brings back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.core.records import PricePoint
from engine.store.database import Database
from engine.store.prices import PriceRepo

FIRST = date(2026, 1, 1)


def point(close: str, day: int = 0, asset: str = "BTC", currency: str = "USD") -> PricePoint:
    return PricePoint(asset, currency, FIRST + timedelta(days=day), Decimal(close))


@pytest.fixture
def repo(db: Database) -> PriceRepo:
    return PriceRepo(db)


def closes(repo: PriceRepo, asset: str = "BTC") -> list[str]:
    return [str(found.close) for found in repo.series(asset, "USD")]


def test_all_fields_come_back(repo: PriceRepo) -> None:
    full = PricePoint(
        "SHIB", "EUR", FIRST, Decimal("0.00000812"), Decimal("0.000008"), Decimal("0.0000083"),
        Decimal("0.0000079"), Decimal("123456789.5"), "kraken.csv",
    )  # fmt: skip
    repo.add_batch("csv", "kraken.csv", [full, point("5")])
    assert repo.series("SHIB", "EUR") == [full]
    assert repo.series("SHIB", "USD") == []
    assert repo.assets() == {"SHIB", "BTC"}
    (batch,) = repo.batches()
    assert (batch.source, batch.file_name, batch.rows) == ("csv", "kraken.csv", 2)


def test_the_series_is_by_day_and_the_last_of_equal_days_counts(repo: PriceRepo) -> None:
    repo.add_batch("csv", "a", [point("3", 2), point("1", 0), point("2", 1), point("9", 1)])
    assert closes(repo) == ["1", "9", "3"]


def test_a_later_import_covers_and_its_undo_uncovers(repo: PriceRepo) -> None:
    first = repo.add_batch("csv", "a", [point("1", 0), point("2", 1)])
    second = repo.add_batch("csv", "b", [point("20", 1), point("30", 2)])
    assert closes(repo) == ["1", "20", "30"]
    repo.undo(second)
    assert closes(repo) == ["1", "2"]
    repo.add_batch("csv", "b", [point("20", 1), point("30", 2)])
    repo.undo(first)
    assert closes(repo) == ["20", "30"]
    with pytest.raises(KnownError, match="import is not there"):
        repo.undo(first)


def test_real_prices_count_before_simulated_ones(repo: PriceRepo) -> None:
    repo.add_batch("csv", "real", [point("1", 0)])
    repo.add_batch("demo", "demo", [point("7", 0), point("8", 1)], simulated=True)
    assert closes(repo) == ["1", "8"]
    newest = repo.last("BTC", "USD", FIRST)
    assert newest is not None
    assert newest.close == 1


def test_the_last_price_on_or_before_a_day(repo: PriceRepo) -> None:
    repo.add_batch("csv", "a", [point("1", 0), point("4", 3), point("7", 0, "ETH")])
    day = [FIRST + timedelta(days=number) for number in range(-1, 6)]
    found = [repo.last("BTC", "USD", on) for on in day]
    assert [one and str(one.close) for one in found] == [None, "1", "1", "1", "4", "4", "4"]
    assert repo.last("BTC", "EUR", day[-1]) is None


def test_an_import_without_rows_is_refused(repo: PriceRepo) -> None:
    with pytest.raises(KnownError, match="no prices"):
        repo.add_batch("csv", "a", [])
    assert repo.batches() == []
