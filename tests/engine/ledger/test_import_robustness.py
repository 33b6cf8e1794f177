"""Whatever a file holds, importing it gives rows, reasons or one known error."""

import csv
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_samples import ANNE, BILL, GOOD_ROWS

from engine.core.clock import FixedClock
from engine.core.csvfile import column_names
from engine.core.errors import KnownError
from engine.core.records import INCOME_KINDS
from engine.ledger.importers import IMPORTERS, ImportPreview, preview_import
from engine.ledger.importers.base import Importer
from engine.ledger.importers.sides import settled
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
REPLACED = FIELDS | st.sampled_from(
    [
        *("0001-01-01 00:00:00", "22-07-19 10:00:00", "1672650000", "1e-20", "9e29", "-100", "2"),
        *("EUR", "ETH", "MONAUSD", "ETHBTC", "sell", "match", "fee", "conversion", "deposit"),
        *("withdrawal", "out", "transfer", "Swap", "Order Placed", "Trade Fee", "Airdrop"),
        *("dust_conversion_debited", "card_top_up", "Interest", "Exchange", "failed", "o1"),
        *("SENT", "SELF", "Stake", "Fork", "Staking", "5/9/2017 21:14", ANNE, BILL, "0x", "#7"),
    ]
)


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


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(IMPORTERS))
def test_damaged_rows_of_every_source(
    tmp_path: Path, data: st.DataObject, importer: Importer
) -> None:
    """Good rows with some fields replaced give transactions whose sides fit their kinds."""
    columns = importer.columns.split(",")
    good = GOOD_ROWS[importer.name]
    rows = good + data.draw(st.lists(st.sampled_from(good), max_size=3))
    changes = st.dictionaries(st.integers(0, len(columns) - 1), REPLACED, max_size=2)
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            changed = data.draw(changes)
            writer.writerow([changed.get(n, field) for n, field in enumerate(row)])
    try:
        preview = preview_import(path, none_stored, NOW)
    except KnownError as error:
        assert error.sentence  # noqa: PT017  (a file of no rows)
        return
    assert preview.source == importer.name
    for t in preview.rows:
        received = (t.asset_in, t.amount_in) if t.asset_in else None
        sent = (t.asset_out, t.amount_out) if t.asset_out else None
        assert settled(t.kind, received, sent, t.to_account) == (t.kind, received, sent)
        assert all(amount >= 0 for amount in (t.amount_in, t.amount_out, t.fee_amount))
        assert (t.fee_asset is None) == (t.fee_amount == 0)
        assert t.income_kind in INCOME_KINDS
        assert t.kind == "income" or not t.income_kind


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
    columns = column_names(importer.columns.split(","))
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
