"""What is exported and imported again is the same, to the last digit and hash."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.csvfile import clean_text
from engine.core.errors import Cancelled, KnownError
from engine.core.records import FIAT, INCOME_KINDS, Transaction
from engine.ledger.export import export_transactions
from engine.ledger.importers import ImportPreview, preview_import
from engine.ledger.importers.base import exchange_kind
from tests.engine.ledger.conftest import NOW
from tests.engine.ledger.ledger_samples import make

COINS = ("BTC", "ETH", "1INCH", "UNI-V2", "USD", "EUR", "PUNKS#7804", "A.B_$+-")
texts = st.builds(
    clean_text,
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
    | st.text(alphabet="'=+-@,\"\n;|x", max_size=6),
    st.just(60),
)
amounts = st.decimals("1e-18", "1e25", places=18)
maybe_amounts = st.none() | st.tuples(st.sampled_from(COINS), amounts)
ONE_SIDED = {
    "deposit": "in",
    "income": "in",
    "withdrawal": "out",
    "fee": "out",
    "spend": "out",
    "loss": "out",
}


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    """A transaction as importers make them."""
    kinds = (*ONE_SIDED, "gift", "correction", "exchange", "lp_add", "lp_remove", "transfer")
    kind = draw(st.sampled_from(kinds))
    first, second = draw(st.lists(st.sampled_from(COINS), min_size=2, max_size=2, unique=True))
    side = ONE_SIDED.get(kind) or draw(st.sampled_from(["in", "out"]))
    received = (first, draw(amounts)) if side == "in" else (None, Decimal(0))
    sent = (first, draw(amounts)) if side == "out" else (None, Decimal(0))
    account, to = draw(texts.filter(bool)), None
    if kind in ("exchange", "lp_add", "lp_remove"):
        received, sent = (first, draw(amounts)), (second, draw(amounts))
        kind = exchange_kind(first, second) if kind == "exchange" else kind
    elif kind == "transfer":
        received = sent = (first, draw(amounts))
        to = draw(texts.filter(lambda name: name not in ("", account)))
    fee = draw(maybe_amounts) or (None, Decimal(0))
    value = draw(
        st.none() | st.tuples(st.sampled_from(sorted(FIAT)), amounts | st.just(Decimal(0)))
    )
    return Transaction(
        draw(st.datetimes(datetime(2009, 1, 3), datetime(2026, 1, 1))).replace(
            microsecond=0, tzinfo=UTC
        ),
        kind,  # type: ignore[arg-type]
        account,
        *received,
        *sent,
        *fee,
        value[1] if value else None,
        value[0] if value else None,
        draw(texts),
        draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        to_account=to,
        income_kind=draw(st.sampled_from(INCOME_KINDS)) if kind == "income" else "",
        tag=draw(texts.map(lambda text: clean_text(text, 40))),
    )


def read(path: Path, stored: set[str] | None = None) -> ImportPreview:
    return preview_import(path, lambda hashes: hashes & (stored or set()), NOW)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(transactions(), min_size=1, max_size=8, unique_by=lambda t: t.row_hash))
def test_import_of_an_export_is_the_same_again(rows: list[Transaction], tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    for path in (first, second):
        path.unlink(missing_ok=True)
    export_transactions(first, rows)
    result = read(first)
    assert not result.refused
    assert list(result.rows) == sorted(rows, key=lambda t: t.time)
    again = read(first, {t.row_hash for t in rows})
    assert (len(again.rows), len(again.duplicates)) == (0, len(rows))
    export_transactions(second, result.rows)
    assert second.read_bytes() == first.read_bytes()


def test_an_import_survives_the_way_out_and_in(
    preview: Callable[..., ImportPreview], tmp_path: Path
) -> None:
    kraken = (
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
        "L1,R1,2024-01-02 10:00:00,deposit,,currency,ZUSD,1000.0000,0,1000.0000\n"
        "L2,R2,2024-01-03 10:00:00,trade,,currency,ZUSD,-500.0000,1.3000,498.7000\n"
        "L3,R2,2024-01-03 10:00:00,trade,,currency,XXBT,0.0123456789,0,0.0123456789\n"
    )
    rows = preview(kraken).rows
    path = tmp_path / "export.csv.copy"
    export_transactions(path, rows)
    assert read(path).rows == rows
    assert not read(path, {t.row_hash for t in rows}).rows


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    row = replace(
        make("2024-01-01", "transfer", ("BTC", "1"), ("BTC", "1"), account="=A1", to="+B1"),
        note="@cmd",
        tag="-1",
    )
    path = tmp_path / "out.csv"
    export_transactions(path, [row])
    with path.open(newline="") as file:
        _, cells = csv.reader(file)
    assert [cell for cell in cells if cell.startswith("'")] == ["'=A1", "'+B1", "'-1", "'@cmd"]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(KnownError, match="there is a file of that name"):
        export_transactions(path, [])
    assert path.read_text() == "mine"
    with pytest.raises(KnownError, match="there is no folder"):
        export_transactions(tmp_path / "nowhere" / "out.csv", [])


def test_a_cancelled_export_leaves_nothing(tmp_path: Path) -> None:
    def cancel(fraction: float, text: str) -> None:
        raise Cancelled

    rows = [make("2024-01-01", "deposit", ("BTC", "1"))]
    with pytest.raises(Cancelled):
        export_transactions(tmp_path / "out.csv", rows, cancel)
    assert list(tmp_path.iterdir()) == []
