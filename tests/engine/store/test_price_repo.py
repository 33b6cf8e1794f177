"""Daily prices: which of several imports counts, and what undoing one brings back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.core.records import PricePoint
from engine.store.database import Database
from engine.store.prices import PriceRepo, SeriesInfo

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


def test_what_the_user_enters_counts_before_every_import(repo: PriceRepo) -> None:
    repo.add_batch("csv", "a", [point("2", 0), point("2", 1)])
    repo.add_batch("demo", "demo", [point("1", 0), point("1", 1), point("1", 2)], simulated=True)
    manual = repo.add_user([point("3", 0)])
    repo.add_batch("csv", "b", [point("4", 0), point("4", 3)])
    assert closes(repo) == ["3", "2", "1", "4"]
    newest = repo.last("BTC", "USD", FIRST)
    assert newest is not None
    assert (newest.close, newest.source) == (3, "manual")
    assert repo.add_user([point("5", 0), point("6", 9)]) == manual
    assert closes(repo) == ["5", "2", "1", "4", "6"]
    assert [(b.source, b.rows) for b in repo.batches() if b.id == manual] == [("Manual prices", 2)]


def test_what_the_user_entered_is_taken_back_by_day_or_at_once(repo: PriceRepo) -> None:
    imported = repo.add_batch("csv", "a", [point("2", 0)])
    manual = repo.add_user([point("3", 0), point("3", 1)])
    repo.delete_user("BTC", "USD", FIRST)
    assert closes(repo) == ["2", "3"]
    for asset, currency, day in (("BTC", "USD", 0), ("ETH", "USD", 1), ("BTC", "EUR", 1)):
        with pytest.raises(KnownError, match="manual price is not there"):
            repo.delete_user(asset, currency, FIRST + timedelta(days=day))
    repo.delete_user("BTC", "USD", FIRST + timedelta(days=1))
    assert [batch.id for batch in repo.batches()] == [imported]
    again = repo.add_user([point("3", 0)])
    assert again != manual
    repo.undo(again)
    assert closes(repo) == ["2"]
    with pytest.raises(KnownError, match="no prices"):
        repo.add_user([])


def test_the_series_that_are_stored(repo: PriceRepo) -> None:
    assert repo.series_list() == []
    repo.add_batch("csv", "a", [replace(point("1", day), source="import") for day in (0, 1, 5)])
    repo.add_batch("csv", "b", [replace(point("2", 1), source='say "x, y"')])
    repo.add_batch("csv", "c", [replace(point("9", 3, "EUR"), source="import")])
    repo.add_user([point("8", 5)])
    day = [FIRST + timedelta(days=number) for number in range(6)]
    assert repo.series_list() == [
        SeriesInfo("BTC", "USD", day[0], day[5], 3, ("import", "manual", 'say "x, y"')),
        SeriesInfo("EUR", "USD", day[3], day[3], 1, ("import",)),
    ]


def test_of_the_refreshes_of_several_sources_the_last_written_counts(repo: PriceRepo) -> None:
    repo.add_batch("csv", "a", [point("1", 0)])
    kraken = repo.keep_up("Kraken", [point("2", 0), point("2", 1)])
    gecko = repo.keep_up("CoinGecko", [point("3", 1), point("3", 2), point("3", 1, "ETH")])
    assert closes(repo) == ["2", "3", "3"]
    assert repo.keep_up("Kraken", [point("4", 1)]) == kraken
    assert closes(repo) == ["2", "4", "3"]
    assert closes(repo, "ETH") == ["3"]
    assert repo.keep_up("Kraken", [point("4", 2), point("4", 1, "ETH")]) == kraken
    # Nothing is left of the other, so that it is gone from the list of imports.
    assert [(batch.source, batch.rows) for batch in repo.batches()] == [
        ("Kraken", 4),
        ("csv", 1),
    ]
    again = repo.keep_up("CoinGecko", [point("5", 0)])
    assert again != gecko
    assert closes(repo) == ["5", "4", "4"]
    # What the user has entered and what has been imported stay as they are.
    repo.add_user([point("6", 0)])
    assert repo.keep_up("Kraken", [point("7", 0)]) == kraken
    assert closes(repo) == ["6", "4", "4"]
    repo.undo(kraken)
    repo.delete_user("BTC", "USD", FIRST)
    assert closes(repo) == ["1"]


def test_an_import_without_rows_is_refused(repo: PriceRepo) -> None:
    with pytest.raises(KnownError, match="no prices"):
        repo.add_batch("csv", "a", [])
    assert repo.batches() == []
