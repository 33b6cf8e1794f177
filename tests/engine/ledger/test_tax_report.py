"""Tax years worked out by hand, as records, as CSV and on paper."""

import base64
import csv
import io
import random
import re
import zlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import Transaction
from engine.ledger import tax_pages
from engine.ledger.methods import CostBasis
from engine.ledger.tax_csv import COLUMNS, tax_csv
from engine.ledger.tax_pdf import tax_pdf
from engine.ledger.tax_report import TaxReport, Totals, tax_report, tax_years
from tests.engine.ledger.ledger_samples import make, price_book

TODAY = date(2026, 1, 1)
D = Decimal

PRICES = price_book(
    ETH={"2024-03-01": "2000"},
    BNB={"2024-06-01": "300"},
    UNI={"2024-04-01": "7"},
)
LEDGER = [
    make("2022-01-10", "buy", ("BTC", "1"), ("USD", "100"), ("USD", "1")),
    make("2024-02-01", "buy", ("BTC", "1"), ("USD", "200")),
    make("2024-03-01", "income", ("ETH", "0.1"), income_kind="staking"),
    make("2024-04-01", "income", ("UNI", "5"), value=("USD", "30"), income_kind="airdrop"),
    make("2024-06-01", "sell", ("USD", "600"), ("BTC", "1.5"), ("USD", "6")),
    make("2024-06-01T12:00", "fee", None, ("BNB", "0.01")),
    make("2024-12-31T23:59", "sell", ("USD", "150"), ("ETH", "0.1")),
    make("2025-01-01", "sell", ("USD", "900"), ("BTC", "0.5")),
]


def report(
    ledger: Sequence[Transaction] = LEDGER, year: int = 2024, basis: CostBasis | None = None
) -> TaxReport:
    return tax_report(ledger, PRICES, "USD", year, basis or CostBasis(), TODAY)


def test_the_total_in_cents_adds_up() -> None:
    """The exact gain is 21,433.1253, but 57,442.50 less 36,009.38 is 21,433.12."""
    exact = Totals(
        proceeds=D("57442.5049"), cost=D("36009.3796"), gains=D("21500.0051"),
        losses=D("-66.8798"), short=D("-66.8798"), long=D("21500.0051"), undated=D(0),
        income=D("1.005"),
    )  # fmt: skip
    found = exact.in_cents()
    assert (found.proceeds, found.cost, found.gain) == (D("57442.50"), D("36009.38"), D("21433.12"))
    assert (found.gains, found.losses) == (D("21500.00"), D("-66.88"))
    assert (found.short, found.long, found.undated) == (D("-66.88"), D("21500.00"), 0)
    assert found.income == D("1.01")


def test_every_lot_of_the_year() -> None:
    found = report()
    # 594 for 1.5 BTC: 396 for the first coin, which cost 101, and 198 for half the second, 100.
    assert [
        (sale.asset, sale.amount, sale.proceeds, sale.cost, sale.gain, one.days, one.term)
        for one in found.sales
        for sale in [one.disposal]
    ] == [
        ("BTC", 1, 396, 101, 295, 873, "long"),
        ("BTC", D("0.5"), 198, 100, 98, 121, "short"),
        ("ETH", D("0.1"), 150, 200, -50, 305, "short"),
    ]
    totals = found.totals
    assert (totals.proceeds, totals.cost, totals.gain) == (744, 401, 343)
    assert (totals.gains, totals.losses) == (393, -50)
    assert (totals.short, totals.long, totals.undated) == (48, 295, 0)
    assert [(one.asset, one.amount, one.gain) for one in found.by_asset] == [
        ("BTC", D("1.5"), 393),
        ("ETH", D("0.1"), -50),
    ]


def test_income_fees_and_what_is_left() -> None:
    found = report()
    assert [(one.kind, one.asset, one.amount, one.value) for one in found.income_sums] == [
        ("airdrop", "UNI", 5, 30),
        ("staking", "ETH", D("0.1"), 200),
    ]
    assert found.totals.income == 230
    assert [(one.asset, one.amount, one.value) for one in found.fees] == [
        ("BNB", D("0.01"), 3),
        ("USD", 6, 6),
    ]
    assert [(lot.asset, lot.amount, lot.unit_cost) for lot in found.open_lots] == [
        ("BTC", D("0.5"), 200),
        ("UNI", 5, 6),
    ]
    assert [gap.assets for gap in found.missing] == [{"BNB"}]
    assert found.method[0] == "Cost basis: first in, first out; lots of each account by itself."
    assert re.search(r"From 7 transactions up to 2024-12-31; data [0-9a-f]{8}\.", found.method[4])


def test_other_years() -> None:
    assert tax_years(LEDGER, CostBasis()) == (2025, 2024, 2023, 2022)
    assert tax_years([], CostBasis()) == ()
    empty = report(year=2023)
    assert (empty.sales, empty.incomes, empty.fees, empty.totals.gain) == ((), (), (), 0)
    later = report(year=2025)
    assert [one.disposal.gain for one in later.sales] == [800]
    now = tax_report(LEDGER, PRICES, "USD", 2025, CostBasis(), date(2025, 12, 31))
    assert now.method[-2] == "The year ends on 2025-12-31, so this report is not final."
    assert not any("not final" in sentence for sentence in later.method)


def test_a_fee_without_a_price_has_no_value() -> None:
    fee = make("2024-09-09", "fee", None, ("BNB", "1"))
    assert report([*LEDGER, fee]).fees[0].value is None


def test_the_year_of_the_united_kingdom() -> None:
    uk = CostBasis("uk_pool", universal=True, year_start=(4, 6))
    ledger = [
        make("2023-05-01", "buy", ("BTC", "10"), ("USD", "1000")),
        make("2024-04-05T23:30", "sell", ("USD", "800"), ("BTC", "4")),
        make("2024-04-06", "sell", ("USD", "300"), ("BTC", "1")),
        make("2024-04-20", "buy", ("BTC", "1"), ("USD", "150")),
    ]
    found = report(ledger, 2023, uk)
    assert (found.label, found.start, found.end) == ("2023/24", date(2023, 4, 6), date(2024, 4, 5))
    # One of the four is matched with the coin bought 15 days later, in the next year: 200 - 150.
    assert [
        (one.disposal.rule, one.disposal.amount, one.disposal.gain, one.days, one.term)
        for one in found.sales
    ] == [("30 days", 1, 50, -15, "none"), ("pool", 3, 300, None, "none")]
    assert (found.totals.short, found.totals.undated) == (0, 350)
    assert [(lot.amount, lot.unit_cost) for lot in found.open_lots] == [(6, 100)]
    assert any("bought within 30 days" in sentence for sentence in found.method)
    assert tax_years(ledger, uk) == (2024, 2023)
    assert report(ledger, 2024, uk).totals.gain == 200


def test_what_is_bought_back_after_the_year_is_not_missing_in_it() -> None:
    uk = CostBasis("uk_pool", universal=True, year_start=(4, 6))
    sale = make("2024-04-01", "sell", ("USD", "200"), ("BTC", "2"))
    back = make("2024-04-10", "buy", ("BTC", "1"), ("USD", "90"))
    later = make("2024-04-20", "deposit", ("ETH", "1"))
    found = report([sale, back, later], 2023, uk)
    assert [(one.disposal.amount, one.disposal.gain) for one in found.sales] == [(1, 10)]
    (gap,) = found.missing
    assert gap.startswith("1 BTC left Kraken (first on 2024-04-01) without a recorded purchase")
    assert report([sale, back, back], 2023, uk).missing == ()
    assert report([sale, back, later], 2024, uk).missing[1].startswith("1 ETH came into")


def test_a_method_of_its_own_per_year() -> None:
    basis = CostBasis("fifo", switches=((2024, "lifo"),))
    found = report(basis=basis)
    # LIFO: the second coin first, 396 - 200, and half of the first one, 198 - 50.50.
    assert [one.disposal.gain for one in found.sales] == [D("147.5"), 196, -50]
    assert "last in, first out from 2024-01-01 on" in found.method[0]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_csv_holds_everything() -> None:
    text = tax_csv(report())
    assert text.splitlines()[0] == ",".join(COLUMNS)
    rows = rows_of(text)
    first = rows[0]
    assert {key: first[key] for key in ("Section", "Asset", "Account", "Kind", "Term")} == {
        "Section": "disposal", "Asset": "BTC", "Account": "Kraken", "Kind": "lot", "Term": "long",
    }  # fmt: skip
    assert (first["Acquired"], first["Date"]) == ("2022-01-10 00:00:00", "2024-06-01 00:00:00")
    assert (first["Amount"], first["Proceeds"], first["Cost"], first["Gain"]) == (
        "1", "396", "101", "295",
    )  # fmt: skip
    sections = [row["Section"] for row in rows]
    assert [(name, sections.count(name)) for name in dict.fromkeys(sections)] == [
        ("disposal", 3), ("income", 2), ("fees", 2), ("open lot", 2), ("total", 7),
        ("missing", 1), ("method", 6),
    ]  # fmt: skip
    assert next(row["Gain"] for row in rows if row["Section"] == "total") == "343"
    assert {row["Currency"] for row in rows} == {"USD"}


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "a\r\n=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    ledger = [
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "5"), account=name),
        make("2024-01-02", "sell", ("USD", "4"), ("BTC", "2"), account=name),
        make("2024-01-03", "income", ("BTC", "1"), value=("USD", "4"), account=name),
    ]
    rows = rows_of(tax_csv(report(ledger)))
    texts = [row[key] for row in rows for key in ("Account", "Asset", "Text", "Kind")]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for text in texts)
    # A loss stays a number.
    assert rows[0]["Gain"] == "-3"


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(shuffled: random.Random) -> None:
    mixed = list(LEDGER)
    shuffled.shuffle(mixed)
    assert tax_csv(report(mixed)) == tax_csv(report())


_STREAM = re.compile(
    rb"/Filter \[ /ASCII85Decode /FlateDecode \] /Length \d+\s*>>\s*stream\s+(.+?)endstream", re.S
)


def texts_on_pages(pdf: bytes) -> list[str]:
    """What is written on each page; fonts keep ASCII characters as they are."""
    found = []
    for packed in _STREAM.findall(pdf):
        content = zlib.decompress(base64.a85decode(packed.strip().removesuffix(b"~>")))
        if b" Tj" in content:
            parts = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content)
            found.append(
                "|".join(re.sub(rb"\\(.)", rb"\1", part).decode("latin-1") for part in parts)
            )
    return found


def many_sales(count: int) -> list[Transaction]:
    long_name = "A wallet with quite a long name & <b>odd</b> characters"
    ledger = [make("2023-01-01", "buy", ("BTC", "1000"), ("USD", "1000"), account=long_name)]
    return ledger + [
        make(f"2024-05-01T{n // 60:02}:{n % 60:02}", "sell", ("USD", "9"), ("BTC", "1"),
             account=long_name)
        for n in range(count)
    ]  # fmt: skip


def test_the_pdf_holds_the_figures() -> None:
    pdf = tax_pdf(report())
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == len(texts_on_pages(pdf))
    text = "|".join(texts_on_pages(pdf))
    for shown in (
        "Tax report 2024", "all money in USD", "$396.00", "$295.00", "-$50.00", "$343.00",
        "2022-01-10 00:00", "staking", "airdrop", "0.01 BNB left Kraken", "Page 1",
        "Lots still open on 2024-12-31", "not tax advice",
    ):  # fmt: skip
        assert shown in text, shown


def test_header_rows_are_repeated_and_pages_numbered() -> None:
    pages = texts_on_pages(tax_pdf(report(many_sales(120))))
    assert len(pages) > 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number}" in page
    middle = pages[2]
    assert "|Disposed of" in middle
    assert "A wallet with" in middle
    assert "a long name & <b>odd</b> characters" in " ".join(middle.split("|")).replace(
        "< b > odd < /b >", "<b>odd</b>"
    )


def test_the_same_report_gives_the_same_bytes() -> None:
    assert tax_pdf(report()) == tax_pdf(report())
    assert tax_csv(report()) == tax_csv(report())


def test_without_the_font_helvetica_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, file: str) -> None:
        raise tax_pages.TTFError(file)

    monkeypatch.setattr(tax_pages, "TTFont", missing)
    monkeypatch.setattr(tax_pages.pdfmetrics, "getRegisteredFontNames", list)
    pdf = tax_pdf(report())
    assert b"/Helvetica-Bold" in pdf
    assert "$343.00" in "|".join(texts_on_pages(pdf))


def test_an_empty_year_is_said() -> None:
    text = "|".join(texts_on_pages(tax_pdf(report(year=2023))))
    assert text.count("None in this year.") == 5
    demo = tax_report([], PRICES, "USD", 2024, CostBasis(), TODAY, simulated=True)
    assert "simulated data" in "|".join(texts_on_pages(tax_pdf(demo)))
    assert "Nothing is missing." in "|".join(texts_on_pages(tax_pdf(demo)))
