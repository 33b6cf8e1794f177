"""`assay prices` with files of every kind, and `assay series`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.engine.cli.conftest import Run

TODAY = datetime.now(UTC).date()


def test_series_are_listed_checked_and_corrected(assay: Run, prices: Path) -> None:
    assert "There are no prices." in assay("series").stdout
    shown = assay("prices", prices, stdin="y\n").stdout
    assert "prices.csv (CSV): 2 prices of BTC" in shown
    assert "Stored as import 1" in shown

    old = TODAY - timedelta(3)
    assert "assay undo 2" in assay("series", "set", "btc", old, "88,000.5").stdout
    line = assay("series").stdout.splitlines()[-1].split()
    assert line == ["BTC", "USD", str(old), str(TODAY), "3", "1", "import,", "manual"]
    (listed,) = json.loads(assay("series", "--json").stdout)
    assert (listed["count"], listed["sources"]) == (3, ["import", "manual"])

    checked = assay("series", "quality", "btc").stdout
    assert "1 missing, at most 1 in a row" in checked
    assert "too few prices to look for outliers" in checked
    assert f"{old + timedelta(1)}  gap   no price" in checked
    found = json.loads(assay("series", "quality", "BTC", "--json").stdout)
    assert found["findings"][0]["row"]["close"] == "88000.5"

    assert "88,000.5" in assay("series", "candles", "BTC", "--by", "month").stdout
    assert json.loads(assay("series", "candles", "BTC", "--json").stdout)
    assert "deleted" in assay("series", "delete", "BTC", old).stdout
    assert "is not there" in assay("series", "delete", "BTC", old, status=2).stderr
    assert "Nothing is doubtful." in assay("series", "quality", "BTC").stdout
    assert "no stored EUR prices" in assay(
        "series", "quality", "BTC", "--currency", "eur", status=2
    ).stderr  # fmt: skip


def test_what_is_no_day_or_price_is_said(assay: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for day, price, reason in (
        ("2026-13-01", "1", "is not a day such as"),
        ("2026-01-01", "much", "is not a price such as"),
    ):
        with pytest.raises(SystemExit):
            assay("series", "set", "BTC", day, price)
        assert reason in capsys.readouterr().err
    assert "in the future" in assay(
        "series", "set", "BTC", TODAY + timedelta(3), "1", status=2
    ).stderr  # fmt: skip


def test_files_of_other_kinds(assay: Run, tmp_path: Path, prices: Path) -> None:
    path = tmp_path / "pools.json"
    pool = {"chain": "Base", "project": "aave", "symbol": "USDC", "apy": 5, "pool": "x"}
    path.write_text(json.dumps({"status": "success", "data": [pool, {"apy": "?"}]}))
    shown = assay("prices", path, "--yes").stdout
    assert "pools.json (JSON): 1 values of yield: aave USDC on Base" in shown
    assert 'entry 2: the apy "?" is not a number' in shown

    path = tmp_path / "sales.parquet"
    columns = {"collection": ["Punks"], "token": ["1"], "date": [TODAY], "price": [1.5]}
    parquet.write_table(pa.table(columns), path)
    assert "in which currency" in assay("prices", path, status=2).stderr
    shown = assay("prices", path, "--currency", "eth", "--yes").stdout
    assert "sales.parquet (Parquet): 1 NFT sales of Punks" in shown
    again = assay("prices", path, "--currency", "eth", "--yes").stdout
    assert "Duplicates: 1" in again
    assert "There is nothing new to store." in again

    path = tmp_path / "news.csv"
    days = [TODAY - timedelta(n) for n in range(6)]
    path.write_text("date,text\n" + "\n".join(f"{day},good {'!' * day.day}" for day in days))
    document = json.loads(assay("prices", path, "--yes", "--json").stdout)
    assert (document["preview"]["topic"], document["batch"]) == ("sentiment", 3)
    assay("prices", prices, "--yes")
    assert "only 1 daily return for" in assay("series", "sentiment", "BTC", status=2).stderr

    listed = json.loads(assay("batches", "--json").stdout)
    assert [batch["id"] for batch in listed["measurements"]] == [3, 1]
    assert [batch["id"] for batch in listed["nft_sales"]] == [2]
    assert "NFT sales" in assay("batches").stdout
    assay("undo", "2")
    assert json.loads(assay("batches", "--json").stdout)["nft_sales"] == []
