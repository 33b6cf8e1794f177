"""Market data through the service and a real encrypted database."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.service import Service
from engine.store.prices import SeriesInfo
from tests.engine.service.conftest import NOW, take_prices

TODAY = NOW.date()


def take_file(service: Service, path: Path, asset: str | None = None) -> int:
    """Import a file of any kind of market data as a user does; returns the number of the import."""
    preview = service.market.preview_file(path, asset).future.result()
    return service.market.confirm(preview).future.result()


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_every_kind_is_stored_listed_and_taken_back(
    service: Service, events: list[Event], prices: Path, tmp_path: Path
) -> None:
    numbers = {
        "prices": take_file(service, prices),
        "yields": take_file(service, write(tmp_path / "y.csv", "pool,apy\nP,5\n")),
        "scores": take_file(service, write(tmp_path / "s.csv", "date,score\n2026-11-20,0.5\n")),
        "sales": take_file(
            service,
            write(
                tmp_path / "n.csv",
                "collection,token,date,price,currency\nPunks,1,2024-03-01,1,ETH\n",
            ),
        ),
    }
    assert events.count(DataChanged(frozenset({"prices"}))) == 4
    assert [(kind, one.source, one.rows) for kind, one in service.market.imports()] == [
        ("nft_sales", "NFT sales", 1),
        ("measurements", "sentiment", 1),
        ("measurements", "yield", 1),
        ("prices", "prices", 2),
    ]
    assert [one.id for one in service.market.batches()] == [numbers["prices"]]
    assert [one.collection for one in service.market.collections()] == ["Punks"]
    for number in numbers.values():
        service.undo(number)
    assert service.market.imports() == []
    assert events.count(DataChanged(frozenset({"prices"}))) == 8
    with pytest.raises(KnownError, match="import is not there"):
        service.undo(numbers["sales"])


def test_the_same_sales_are_duplicates_the_second_time(service: Service, tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.csv", "collection,token,date,price,currency\nPunks,1,2024-03-01,1,ETH\n"
    )
    take_file(service, path)
    again = service.market.preview_file(path).future.result()
    assert (again.rows, getattr(again, "duplicates", None)) == ((), 1)


def test_prices_in_parquet_and_saved_json_are_series(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "eth.parquet"
    parquet.write_table(pa.table({"date": [TODAY], "close": [3000.25]}), path)
    take_file(service, path, "ETH")
    path = tmp_path / "sol.json"
    path.write_text(json.dumps({"prices": [[1709251200000, 100], [1709337600000, 110]]}))
    take_file(service, path, "SOL")
    assert service.market.series() == [
        SeriesInfo("ETH", "USD", TODAY, TODAY, 1, ("import",)),
        SeriesInfo("SOL", "USD", date(2024, 2, 29), date(2024, 3, 1), 2, ("coingecko",)),
    ]


def test_an_entered_price_counts_at_once_and_goes_again(
    service: Service, events: list[Event], purchases: Path, prices: Path
) -> None:
    take_prices(service, prices)
    preview = service.portfolio.preview(purchases).future.result()
    service.portfolio.confirm(preview).future.result()
    assert service.portfolio.valuation().total == 200_000
    batch = service.market.add_price("BTC", TODAY, Decimal("50000.5"))
    assert service.portfolio.valuation().total == 100_001
    assert DataChanged(frozenset({"prices"})) in events
    service.market.delete_price("BTC", TODAY)
    assert service.portfolio.valuation().total == 200_000
    batch = service.market.add_price("btc", TODAY, Decimal(1), "usd")
    service.undo(batch)
    assert service.portfolio.valuation().total == 200_000


@pytest.mark.parametrize(
    ("asset", "currency", "day", "price", "reason"),
    [
        ("=1+1", "USD", TODAY, "1", "is not a symbol"),
        ("BTC", "BTC", TODAY, "1", "prices BTC in itself"),
        ("BTC", "USD", TODAY + timedelta(1), "1", "in the future"),
        ("BTC", "USD", date(2008, 12, 31), "1", "before the first crypto asset"),
        ("BTC", "USD", TODAY, "0", "the price is zero"),
        ("BTC", "USD", TODAY, "-1", "the price is negative"),
        ("BTC", "USD", TODAY, "1e40", "out of range"),
    ],
)
def test_what_no_price_is(
    service: Service, asset: str, currency: str, day: date, price: str, reason: str
) -> None:
    with pytest.raises(KnownError, match=reason):
        service.market.add_price(asset, day, Decimal(price), currency)
    assert service.market.imports() == []


def test_quality_and_candles_of_a_series(service: Service, prices: Path) -> None:
    with pytest.raises(KnownError, match="no stored USD prices of BTC"):
        service.market.quality("BTC")
    take_prices(service, prices)
    service.market.add_price("BTC", TODAY - timedelta(5), Decimal(80_000))
    found = service.market.quality("BTC")
    assert (found.count, found.missing, found.longest_gap) == (3, 3, 3)
    # 22 November 2026 is a Sunday.
    (week,) = service.market.candles("BTC", "week")
    assert (week.start, week.open, week.high, week.close, week.days) == (
        date(2026, 11, 16), 80_000, 100_000, 100_000, 3,
    )  # fmt: skip
    with pytest.raises(KnownError, match="no stored EUR prices"):
        service.market.candles("BTC", "month", "EUR")


def test_sentiment_beside_the_next_day(service: Service, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no sentiment stored"):
        service.market.sentiment("BTC")
    days = [TODAY - timedelta(5 - n) for n in range(6)]
    closes = [100, 110, 99, 118.8, 118.8, 130.68]
    text = "\n".join(f"{day},BTC,{close}" for day, close in zip(days, closes, strict=True))
    take_prices(service, write(tmp_path / "p.csv", "date,symbol,close\n" + text))
    text = "\n".join(
        f"{day},{score}" for day, score in zip(days, [0.1, -0.1, 0.2, 0, 0.1, 1], strict=True)
    )
    take_file(service, write(tmp_path / "s.csv", "date,score\n" + text))
    found = service.market.sentiment("BTC")
    assert (found.value, found.n) == (pytest.approx(1.0), 5)
    assert "only 5 daily returns" in found.warning


def test_analyses_see_the_sales_and_yields(service: Service, tmp_path: Path) -> None:
    sales = write(
        tmp_path / "n.csv",
        "collection,token,date,price,currency,traits\nPunks,1,2024-03-01,1.5,ETH,Hat:Red\n",
    )
    take_file(service, sales)
    take_file(service, write(tmp_path / "y.csv", "pool,apy\nP,5\n"))
    library = service._view.context().library
    assert tuple(library.collections()) == ("Punks",)
    sold, traits, unit, others = library.sales("Punks")
    assert (unit, others) == ("ETH", 0)
    assert [(one.item, one.price) for one in sold] == [("1", Decimal("1.5"))]
    assert traits == {"1": {"Hat": "Red"}}
    days, values = library.measurements("yield", "P", "apy")
    assert (days, values.tolist()) == ([TODAY], [0.05])


def test_all_series_are_examined_in_one_job(service: Service, prices: Path) -> None:
    assert service.market.qualities().future.result() == {}
    take_prices(service, prices)
    service.market.add_price("EUR", TODAY - timedelta(30), Decimal("1.1"), "USD")
    found = service.market.qualities().future.result()
    assert {key: len(one.findings) for key, one in found.items()} == {
        ("BTC", "USD"): 0,
        ("EUR", "USD"): 1,
    }
    assert [point.close for point in service.market.history("BTC")] == [90_000, 100_000]
    with pytest.raises(KnownError, match="no stored USD prices of XYZ"):
        service.market.history("XYZ")
