"""Prices in JSON files: replies saved from CoinGecko, Binance and Kraken, and lists of objects."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.market.files import jsonrows
from engine.market.prices import PricePreview, preview_prices

CLOCK = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
DAY = 86_400_000
MARCH = 1_709_251_200_000
"""2024-03-01 00:00 UTC in milliseconds."""

Preview = Callable[..., PricePreview]


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    def run(
        content: object, asset: str | None = "BTC", currency: str | None = "USD"
    ) -> PricePreview:
        path = tmp_path / "saved.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return preview_prices(path, currency, asset, CLOCK)

    return run


def kline(opened: int, *prices: str) -> list[Any]:
    return [opened, *prices, "12.5", opened + DAY - 1, "1", 10, "1", "1", "0"]


def test_a_coingecko_market_chart(preview: Preview) -> None:
    result = preview(
        '{"prices": [[1709251200000, 61179.03383], [1709337600000, 62000.123456789012345678]],'
        ' "market_caps": [[1709251200000, 1]], "total_volumes": [[1709251200000, 2]]}'
    )
    # The price at midnight is the close of the day that has just ended.
    assert [(point.day, str(point.close)) for point in result.rows] == [
        (date(2024, 2, 29), "61179.03383"),
        (date(2024, 3, 1), "62000.123456789012345678"),
    ]
    assert (result.what, result.unit) == ("CoinGecko market_chart", "entry")
    assert (result.assets, result.first, result.last) == (
        ("BTC",), date(2024, 2, 29), date(2024, 3, 1),
    )  # fmt: skip


def test_binance_klines(preview: Preview) -> None:
    result = preview([kline(MARCH, "1.0", "3", "0.5", "2.50"), [MARCH + DAY, "1"]], "ETH", "USDT")
    (point,) = result.rows
    assert (point.asset, point.currency, point.day) == ("ETH", "USDT", date(2024, 3, 1))
    assert (point.open, point.high, point.low, str(point.close), point.volume) == (
        1, 3, Decimal("0.5"), "2.50", Decimal("12.5"),
    )  # fmt: skip
    assert result.what == "Binance klines"
    assert result.warnings == ("Left out: row 2: it is cut off or not a list.",)


def test_kraken_ohlc(preview: Preview) -> None:
    row = [MARCH // 1000, "1", "3", "0.5", "2", "1.5", "9.25", 100]
    result = preview({"error": [], "result": {"XXBTZUSD": [row], "last": 1}})
    (point,) = result.rows
    assert (point.day, point.close, point.volume) == (date(2024, 3, 1), 2, Decimal("9.25"))
    assert result.what == "Kraken OHLC"


def test_a_saved_reply_does_not_say_whose_prices_these_are(preview: Preview) -> None:
    klines = [kline(MARCH, "1", "3", "0.5", "2")]
    with pytest.raises(KnownError, match="does not say whose prices"):
        preview(klines, None)
    with pytest.raises(KnownError, match="in which currency"):
        preview(klines, "BTC", None)
    with pytest.raises(KnownError, match="is not a symbol"):
        preview(klines, "=1+1")
    with pytest.raises(KnownError, match="Kraken refused the request: EGeneral:Invalid arguments"):
        preview({"error": ["EGeneral:Invalid arguments"]})


def test_many_rows_that_cannot_be_read_are_summed_up(preview: Preview) -> None:
    bad = [kline(MARCH + n * DAY, "-1", "3", "0.5", "2") for n in range(1, 31)]
    result = preview([kline(MARCH, "1", "3", "0.5", "2"), *bad])
    assert len(result.warnings) == 21
    assert result.warnings[0] == "Left out: row 2: the open is negative."
    assert result.warnings[-1] == "Left out 10 more."


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"status": "ok", "data": rows}])
def test_a_list_of_objects_is_a_table(preview: Preview, wrap: Callable[[Any], Any]) -> None:
    rows = [
        {"Date": "2024-03-01", "symbol": "eth/eur", "Close": "2300.5", "volume": 0},
        {"Date": MARCH // 1000 + 86400, "symbol": "BTC", "Close": 1e-7, "note": {"x": [1]}},
        {"Date": "2024-03-01", "symbol": "BTC", "Close": True},
        {"Date": "2024-03-01", "symbol": "BTC", "Close": None},
        {"Date": "2024-03-01", "symbol": "BTC", "Close": [3]},
        ["2024-03-01", "BTC", 3],
    ]
    result = preview(wrap(rows), None)
    assert [(p.asset, p.currency, p.close, p.volume) for p in result.rows] == [
        ("BTC", "USD", Decimal("1e-7"), None),
        ("ETH", "EUR", Decimal("2300.5"), 0),
    ]
    assert [(row.line, row.reason) for row in result.refused] == [
        (3, 'the price "true" is not a number'),
        (4, "no price"),
        (5, 'the price "[3]" is not a number'),
        (6, "it is not an object"),
    ]


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999999999", "9" * 5_000, "-1", "0", "1e-400"]
)
def test_absurd_numbers_spoil_their_row_only(preview: Preview, number: str) -> None:
    good = '{"date": "2024-03-01", "symbol": "BTC", "close": 5}'
    bad = f'{{"date": "2024-03-01", "symbol": "ETH", "close": {number}}}'
    result = preview(f"[{good}, {bad}]")
    assert [point.asset for point in result.rows] == ["BTC"]
    assert len(result.refused) == 1
    day = MARCH + DAY
    result = preview(f'{{"prices": [[{MARCH}, 5], [{day}, {number}]]}}')
    assert [point.close for point in result.rows] == [5]
    assert len(result.warnings) == 1
    assert "price" in result.warnings[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('[{"date": "2024-03-01"', "is not JSON, or is cut off"),
        ("[1, 2, 3]", "holds no list of objects"),
        ("{}", "holds no list of objects"),
        ('{"a": [{"x": 1}], "b": [{"x": 1}]}', "holds no list of objects"),
        ('[{"when": 1}]', "has the columns when: no known format"),
        (b'[{"date": "\xff"}]', "is not JSON"),
        ('{"prices": [[1, 2]]}', "No row that CoinGecko sent could be used"),
    ],
)
def test_files_that_cannot_be_used(preview: Preview, content: str | bytes, reason: str) -> None:
    with pytest.raises(KnownError, match=reason):
        preview(content)


def test_every_truncation_is_refused(preview: Preview) -> None:
    whole = json.dumps([kline(MARCH, "1", "3", "0.5", "2")])
    for size in range(1, len(whole)):
        with pytest.raises(KnownError):
            preview(whole[:size])


def test_a_file_that_would_fill_the_memory(
    preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonrows, "MAX_JSON_BYTES", 10)
    with pytest.raises(KnownError, match="JSON files over 0 MB are not read"):
        preview([{"date": "2024-03-01", "close": 1}])
    monkeypatch.setattr(jsonrows, "MAX_JSON_BYTES", 1 << 20)
    monkeypatch.setattr(jsonrows, "MAX_ROWS", 2)
    with pytest.raises(KnownError, match="more than 2 entries"):
        preview([{"date": "2024-03-01", "close": 1}] * 3)


def test_utf8_with_a_mark(preview: Preview) -> None:
    content = json.dumps([{"date": "2024-03-01", "close": 1}]).encode("utf-8-sig")
    assert len(preview(content).rows) == 1
