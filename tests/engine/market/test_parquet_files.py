"""Price history in real Parquet files, of several types of columns, and damaged ones."""

import random
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.market.files import parquet as ours
from engine.market.prices import PricePreview, preview_prices

CLOCK = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
DAY = datetime(2024, 3, 1, 12)

Preview = Callable[..., PricePreview]


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    def run(columns: dict[str, Any], asset: str | None = None, **how: Any) -> PricePreview:
        path = tmp_path / "prices.parquet"
        parquet.write_table(pa.table(columns), path, **how)
        return preview_prices(path, "USD", asset, CLOCK)

    return run


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_timestamps_of_every_unit_are_moments(
    preview: Preview, unit: str, zone: str | None
) -> None:
    days = pa.array([DAY], pa.timestamp(unit, zone))
    (point,) = preview({"Time": days, "Symbol": ["BTC"], "Close": [1.5]}).rows
    assert point.day == date(2024, 3, 1)


@pytest.mark.parametrize(
    "days",
    [
        pa.array([date(2024, 3, 1)], pa.date32()),
        pa.array([date(2024, 3, 1)], pa.date64()),
        pa.array(["2024-03-01 23:59:59"]),
        pa.array(["2024-03-01"]).dictionary_encode(),
        pa.array([1709294400], pa.int64()),
        pa.array([1709294400_000], pa.int64()),
        pa.array([1709294400_000_000], pa.int64()),
        pa.array([1709294400_000_000_000], pa.uint64()),
    ],
    ids=lambda days: str(days.type),
)
def test_other_ways_to_write_a_day(preview: Preview, days: Any) -> None:
    (point,) = preview({"open_time": days, "symbol": ["BTC"], "close": [1.5]}).rows
    assert point.day == date(2024, 3, 1)


def test_numbers_keep_their_shortest_form(preview: Preview) -> None:
    result = preview(
        {
            "date": [date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 3)],
            "open": pa.array([0.1, 1e-9, None], pa.float32()),
            "high": pa.array([0.3, 123456789.123, 1e22], pa.float64()),
            "low": pa.array([Decimal("0.10"), Decimal("0.01"), None], pa.decimal128(20, 2)),
            "close": pa.array(
                [Decimal("0.123456789012345678901234567890"), Decimal(5), Decimal(6)],
                pa.decimal256(60, 30),
            ),
            "volume": pa.array([0, 7, None], pa.int32()),
        },
        "btc",
    )
    assert not result.refused
    first, second, third = result.rows
    assert first.close == Decimal("0.123456789012345678901234567890")
    assert (first.open, first.high, first.low) == (Decimal("0.1"), Decimal("0.3"), Decimal("0.1"))
    assert (second.open, second.high) == (Decimal("1e-9"), Decimal("123456789.123"))
    assert (third.open, third.high, third.low) == (None, Decimal("1e22"), None)
    assert [point.volume for point in result.rows] == [0, 7, None]
    assert (result.what, result.unit, result.assets) == ("Parquet", "row", ("BTC",))


def test_rows_that_cannot_be_prices_are_refused_with_their_number(preview: Preview) -> None:
    closes = [1.0, float("nan"), float("inf"), -2.0, 0.0, None, 7.0]
    result = preview({"day": [date(2024, 3, n) for n in range(1, 8)], "price": closes}, "ETH")
    assert [point.close for point in result.rows] == [1, 7]
    assert [(row.line, row.reason) for row in result.refused] == [
        (2, "no price"),
        (3, 'the price "inf" is not a number'),
        (4, "the price is negative"),
        (5, "the price is zero"),
        (6, "no price"),
    ]


def test_a_time_no_calendar_has_spoils_its_row_only(preview: Preview) -> None:
    days = pa.array([2**62, 1709294400_000_000], pa.timestamp("us"))
    result = preview({"time": days, "symbol": ["A", "B"], "close": [1.0, 2.0]})
    assert [point.asset for point in result.rows] == ["B"]
    assert "is not a date" in result.refused[0].reason


def test_columns_that_hold_no_single_values_are_not_there(preview: Preview) -> None:
    columns: dict[str, Any] = {
        "date": [date(2024, 3, 1)],
        "symbol": ["BTC"],
        "close": [[1.0, 2.0]],
        "price": [3.0],
        "volume": [{"a": 1}],
    }
    (point,) = preview(columns).rows
    assert (point.close, point.volume) == (3, None)
    with pytest.raises(KnownError, match="has the columns date, symbol: no known format"):
        preview({name: columns[name] for name in ("date", "symbol", "close")})


def test_many_row_groups_and_codecs(preview: Preview) -> None:
    count = 5_000
    columns = {
        "date": ["2024-01-01"] * count,
        "symbol": [f"C{number}" for number in range(count)],
        "close": [float(number + 1) for number in range(count)],
    }
    for codec in ("none", "snappy", "zstd", "gzip"):
        assert len(preview(columns, row_group_size=700, compression=codec).rows) == count


def test_too_many_rows(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "MAX_ROWS", 2)
    with pytest.raises(KnownError, match="more than 2 rows"):
        preview({"date": ["2024-01-01"] * 3, "close": [1.0] * 3}, "BTC")


def test_an_empty_table(preview: Preview) -> None:
    with pytest.raises(KnownError, match="holds no rows in it"):
        preview({"date": pa.array([], pa.date32()), "close": pa.array([], pa.float64())}, "BTC")


def test_without_pyarrow_the_way_to_get_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prices.parquet"
    parquet.write_table(pa.table({"date": ["2024-01-01"], "close": [1.0]}), path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(KnownError, match="is not installed") as error:
        preview_prices(path, "USD", "BTC", CLOCK)
    assert ".[parquet]" in error.value.hint


def test_damage_anywhere_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "whole.parquet"
    count = 300
    columns = {
        "date": ["2024-01-01"] * count,
        "symbol": [f"C{number}" for number in range(count)],
        "close": [float(number + 1) for number in range(count)],
    }
    parquet.write_table(pa.table(columns), path)
    whole = path.read_bytes()
    chance = random.Random(3)
    damaged = [whole[:size] for size in range(4, len(whole), max(1, len(whole) // 60))]
    for _ in range(150):
        place = chance.randrange(4, len(whole))
        damaged.append(whole[:place] + bytes([chance.randrange(256)]) + whole[place + 1 :])
    refused = 0
    for data in damaged:
        path.write_bytes(data)
        try:
            preview_prices(path, "USD", None, CLOCK)
        except KnownError:
            refused += 1
    assert refused >= 60
