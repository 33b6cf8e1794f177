"""Whatever a file holds, importing it gives rows, reasons or one known error."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.clock import FixedClock
from engine.core.csvfile import normalise_column
from engine.core.errors import KnownError
from engine.ledger.importers import IMPORTERS, ImportPreview, preview_import
from engine.ledger.importers.base import Importer
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


GENERIC_ROWS = st.lists(
    st.sampled_from(
        [
            "2024-01-01,deposit,K,BTC,1,,,,,,,,",
            "2024-01-01,deposit,K,BTC,2,,,,,,,,",
            "2024-01-01,deposit,L,BTC,1,,,,,,,,",
            "2024-01-02,buy,K,BTC,1,USD,5,,,,,,",
            "2024-01-02,buy,K,BTC,one,USD,5,,,,,,",
        ]
    ),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GENERIC_ROWS, st.integers(0, 12))
def test_importing_again_adds_nothing(tmp_path: Path, rows: list[str], first: int) -> None:
    """A part of a file and then the whole of it give what the whole gives at once."""
    path = tmp_path / "rows.csv"

    def preview(some: list[str], stored: set[str]) -> ImportPreview:
        path.write_text("\n".join([HEADERS[0], *some]) + "\n")
        return preview_import(path, lambda hashes: hashes & stored, NOW)

    whole = preview(rows, set())
    hashes = {row.row_hash for row in whole.rows}
    assert len(hashes) == len(whole.rows)
    again = preview(rows, hashes)
    assert (again.rows, len(again.duplicates)) == ((), len(whole.rows))
    part = {row.row_hash for row in preview(rows[:first], set()).rows} if rows[:first] else set()
    rest = {row.row_hash for row in preview(rows, part).rows}
    assert part | rest == hashes
    assert not part & rest


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_each_documented_header_finds_its_importer_alone(importer: Importer) -> None:
    columns = tuple(normalise_column(name) for name in importer.columns.split(","))
    assert [one for one in IMPORTERS if one.matches(columns)] == [importer]


def test_time_grows_with_the_number_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    lines = [HEADERS[0]]
    lines += [
        f"20{10 + n % 16}-01-02 03:04:{n % 60:02d},buy,Kraken,BTC,0.{n + 1},USD,{n + 1},USD,1,,,,"
        for n in range(20_000)
    ]
    path.write_text("\n".join(lines) + "\n")
    started = time.process_time()
    preview = preview_import(path, none_stored, NOW)
    assert len(preview.rows) == 20_000
    # Half a second of work on an idle machine; the bound is against growth by the square.
    assert time.process_time() - started < 10


def test_a_dry_run_moves_on_from_reading_to_comparing(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    lines = (f"2026-01-05,buy,Kraken,BTC,0.{n + 1},USD,30000,,,,,,\n" for n in range(3_000))
    path.write_text(HEADERS[0] + "\n" + "".join(lines))
    steps: list[tuple[float, str]] = []

    preview_import(path, none_stored, NOW, step=lambda *step: steps.append(step))

    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions)
    assert (fractions[0], round(fractions[-1], 1)) == (2 / 3_001 * 0.6, 1.0)
    texts = [text for _, text in steps]
    assert "2,900 rows read" in texts
    assert "1,000 of 3,000 rows checked" in texts
    assert texts[-1] == "3,000 rows compared with what is stored"
