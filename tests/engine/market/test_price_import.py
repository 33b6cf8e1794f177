"""Price files: dates, symbols, currencies and candles, from several kinds of headers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.market.prices import PricePreview, preview_prices

CLOCK = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def preview(tmp_path: Path) -> Callable[..., PricePreview]:
    def run(content: str, currency: str | None = None, asset: str | None = None) -> PricePreview:
        path = tmp_path / "BTC.csv"
        path.write_text(content)
        return preview_prices(path, currency, asset, CLOCK)

    return run


def test_simple_prices(preview: Callable[..., PricePreview]) -> None:
    result = preview("date,symbol,price\n2024-01-02,eth,2300.5\n2024-01-01,BTC,42000\n", "usd")
    assert [(p.asset, p.currency, p.day, p.close) for p in result.rows] == [
        ("BTC", "USD", date(2024, 1, 1), Decimal(42000)),
        ("ETH", "USD", date(2024, 1, 2), Decimal("2300.5")),
    ]
    assert (result.assets, result.first, result.last) == (
        ("BTC", "ETH"),
        date(2024, 1, 1),
        date(2024, 1, 2),
    )
    assert not result.refused
    assert not result.warnings


def test_candles_with_a_preamble_a_pair_and_unix_time(
    preview: Callable[..., PricePreview],
) -> None:
    (point,) = preview(
        "https://example.invalid/prices\n"
        "Unix,Symbol,Open,High,Low,Close,Volume\n"
        "1709294400,BTC/EUR,60000,61000.5,59000,60500,12.5\n"
    ).rows
    assert (point.asset, point.currency, point.day) == ("BTC", "EUR", date(2024, 3, 1))
    assert (point.open, point.high, point.low, point.close, point.volume) == (
        60000,
        Decimal("61000.5"),
        59000,
        60500,
        Decimal("12.5"),
    )


def test_semicolons_and_a_currency_column(preview: Callable[..., PricePreview]) -> None:
    (point,) = preview("day;asset;close;currency\n2024-01-01;EUR;1.10;USD\n").rows
    assert (point.asset, point.currency, point.close) == ("EUR", "USD", Decimal("1.10"))


def test_a_file_name_is_not_trusted_for_the_symbol(preview: Callable[..., PricePreview]) -> None:
    content = "Date,Close\n2024-01-01,42000\n"
    with pytest.raises(KnownError, match=r"BTC\.csv has no symbol column") as error:
        preview(content, "USD")
    assert "Name the asset" in error.value.hint
    with pytest.raises(KnownError, match="in which currency"):
        preview(content, asset="BTC")
    assert preview(content, "USD", "btc").rows[0].asset == "BTC"
    with pytest.raises(KnownError, match="is not a symbol"):
        preview(content, "USD", "=1+1")


def test_several_prices_of_a_day_keep_the_latest(preview: Callable[..., PricePreview]) -> None:
    result = preview(
        "time,symbol,price,currency\n"
        "2024-01-01 23:00:00,BTC,3,USD\n"
        "2024-01-01 08:00:00,BTC,2,USD\n"
        "2024-01-02 00:00:00,BTC,4,USD\n"
    )
    assert [point.close for point in result.rows] == [3, 4]
    assert result.warnings == ("Left out 1: prices of a day that has a later one.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-01-01,BTC,0,USD", "the price is zero"),
        ("2024-01-01,BTC,-5,USD", "the price is negative"),
        ("2024-01-01,BTC,,USD", "no price"),
        ("2024-01-01,BTC,about 5,USD", 'the price "about 5" is not a number'),
        ("2030-01-01,BTC,5,USD", "in the future"),
        ("yesterday,BTC,5,USD", "is not a date"),
        ("2024-01-01,,5,USD", "no symbol"),
        ("2024-01-01,BTC,5,", "no currency"),
        ("2024-01-01,USD,5,USD", "it prices USD in itself"),
    ],
)
def test_rows_that_are_refused(preview: Callable[..., PricePreview], row: str, reason: str) -> None:
    result = preview(f"date,symbol,price,currency\n2024-01-01,ETH,1,USD\n{row}\n")
    assert len(result.rows) == 1
    assert result.refused[0].line == 3
    assert reason in result.refused[0].reason


def test_a_high_below_the_low(preview: Callable[..., PricePreview]) -> None:
    result = preview("date,symbol,close,high,low\n2024-01-01,BTC,5,4,6\n", "USD")
    assert result.refused[0].reason == "the high is below the low"


def test_files_that_cannot_be_used(preview: Callable[..., PricePreview]) -> None:
    with pytest.raises(KnownError, match="has the columns when, what") as error:
        preview("when,what\n1,2\n")
    assert "date column" in error.value.hint
    with pytest.raises(KnownError, match="no rows"):
        preview("date,symbol,price\n", "USD")


def test_midnight_in_a_file_of_coingecko_is_the_close_of_the_day_before(
    preview: Callable[..., PricePreview],
) -> None:
    # As in its replies, see parse_market_chart; the volume there is in dollars, not in coins.
    result = preview(
        "snapped_at,price,market_cap,total_volume\n"
        "2024-03-01 00:00:00 UTC,61000,1,2\n"
        "2024-03-02 00:00:00 UTC,62000,1,2\n",
        "USD",
        "BTC",
    )
    assert [(p.day, p.close, p.volume) for p in result.rows] == [
        (date(2024, 2, 29), Decimal(61000), None),
        (date(2024, 3, 1), Decimal(62000), None),
    ]
