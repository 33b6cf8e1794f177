"""Whatever a file holds, importing it gives rows, reasons or one known error; and it is fast."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.ledger.importers import IMPORTERS, detect, preview_import
from engine.market.prices import preview_prices

NOW = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
HEADERS = [importer.columns for importer in IMPORTERS] + ["date,symbol,price,currency"]
FIELDS = st.sampled_from(
    [
        "",
        "2024-01-01 00:00:00",
        "buy",
        "trade",
        "Transaction Buy",
        "Convert",
        "earn",
        "Spot",
        "BTC",
        "USD",
        "ZUSD",
        "1",
        "-1",
        "0",
        "1e-30",
        "1e30",
        '"',
        "=cmd|' /C calc'!A0",
        "Converted 1 BTC to 2 ETH",
        "\u202e",
        "１",
    ]
) | st.text(max_size=12)
ROWS = st.lists(st.lists(FIELDS, max_size=14).map(",".join), max_size=12)


def none_stored(hashes: set[str]) -> set[str]:
    return set()


def read_all(path: Path) -> None:
    """Both kinds of import, as text nobody vouches for."""
    for read in (
        lambda: preview_import(path, none_stored, NOW),
        lambda: preview_prices(path, "USD", "BTC", NOW),
    ):
        try:
            read()
        except KnownError as error:
            assert error.sentence  # noqa: PT017  (either outcome is right)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HEADERS), ROWS, st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_rows_of_anything(tmp_path: Path, header: str, rows: list[str], encoding: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("\n".join([header, *rows]).encode(encoding, errors="replace"))
    read_all(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["", *HEADERS]), st.binary(max_size=300))
def test_bytes_of_anything(tmp_path: Path, header: str, data: bytes) -> None:
    path = tmp_path / "bytes.csv"
    path.write_bytes(header.encode() + b"\n" + data)
    read_all(path)


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_each_documented_header_finds_its_importer(importer: object, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(importer.columns + "\n")  # type: ignore[attr-defined]
    assert detect(path) is importer


def test_a_hundred_thousand_rows_take_seconds(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    lines = [HEADERS[0]]
    lines += [
        f"20{10 + n % 16}-01-02 03:04:{n % 60:02d},buy,Kraken,BTC,0.{n + 1},USD,{n + 1},USD,1,,,,"
        for n in range(100_000)
    ]
    path.write_text("\n".join(lines) + "\n")
    started = time.perf_counter()
    preview = preview_import(path, none_stored, NOW)
    assert len(preview.rows) == 100_000
    # About 3 s on one busy core of 2024; the bound is only against growth by the square.
    assert time.perf_counter() - started < 30
