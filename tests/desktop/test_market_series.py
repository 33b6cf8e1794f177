"""The series of the Market data page: listed, drawn, examined, imported, entered by hand."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.market.candles import Candles
from desktop.market.chart import SeriesChart
from desktop.market.findings import FindingsCard
from desktop.market.given import GivenDialog
from desktop.portfolio.preview import PreviewDialog
from desktop.widgets.data_table import DataTable
from desktop.widgets.figures import full, tiny
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from tests.desktop.market_window import MarketWindow, day, prices
from tests.desktop.opened_window import cells, press, words
from tests.desktop.test_looks import nameless
from tests.engine.memory_keyring import MemoryKeyring

# A gap of two days, a spike and back, and after that 30 quiet days.
DOUBTFUL = [100 + n % 2 for n in range(30)] + [0, 0] + [100, 500, 100] + [101.0] * 30


@pytest.fixture
def market(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MarketWindow]:
    monkeypatch.setattr(keyring.core, "_keyring_backend", MemoryKeyring())
    with MarketWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


@pytest.fixture
def two(market: MarketWindow, tmp_path: Path) -> MarketWindow:
    """BTC, doubtful, and ETH with whole candles."""
    market.take(prices(tmp_path / "btc.csv", "BTC", DOUBTFUL))
    market.take(prices(tmp_path / "eth.csv", "ETH", [10.0 + n for n in range(90)], whole=True))
    section = market.page.series
    market.qtbot.waitUntil(lambda: len(cells(section.table)) == 2 and shown(market) == "BTC in USD")
    market.qtbot.waitUntil(lambda: cells(section.table)[0][-1] != "")
    return market


def the_chart(market: MarketWindow) -> SeriesChart:
    market.qtbot.waitUntil(lambda: shown(market) != "")
    return next(one for one in market.page.findChildren(SeriesChart) if one.isVisible())


def shown(market: MarketWindow) -> str:
    """The title of the chart."""
    charts = [one for one in market.page.findChildren(SeriesChart) if one.isVisible()]
    return charts[0].accessibleName() if charts else ""


def findings(market: MarketWindow) -> FindingsCard:
    return next(one for one in market.page.findChildren(FindingsCard) if one.isVisible())


def test_without_prices_the_way_to_some_is_shown(market: MarketWindow) -> None:
    market.qtbot.waitUntil(lambda: "No prices yet" in words(market.page))
    press(market.page.series, "Online sources")
    assert market.page.online.isVisible()
    assert not market.page.series.isVisible()


def test_series_are_listed_with_their_doubts(two: MarketWindow) -> None:
    first, last = day(len(DOUBTFUL) - 1), day(0)
    assert cells(two.page.series.table) == [
        ["BTC", "USD", str(first), str(last), "63", "today", "File", "1 gap, 1 outlier"],
        ["ETH", "USD", str(day(89)), str(last), "90", "today", "File", ""],
    ]


def test_the_filter_leaves_what_fits(two: MarketWindow) -> None:
    section = two.page.series
    section.filter.setText("eth usd")
    assert [line[0] for line in cells(section.table)] == ["ETH"]
    section.filter.setText("nothing")
    assert "No series fits the filter." in words(section)
    section.filter.clear()
    assert len(cells(section.table)) == 2


def test_a_chosen_series_is_drawn_and_stays_chosen_when_sorted(two: MarketWindow) -> None:
    table = two.page.series.table
    table.selectRow(1)
    two.qtbot.waitUntil(lambda: shown(two) == "ETH in USD")
    table.horizontalHeader().sectionClicked.emit(0)
    assert [line[0] for line in cells(table)] == ["ETH", "BTC"]
    assert table.currentIndex().row() == 0
    two.qtbot.wait(50)
    assert shown(two) == "ETH in USD"


def test_intervals_candles_and_periods(two: MarketWindow) -> None:
    chart = the_chart(two)
    candles = next(b for b in chart.findChildren(QPushButton) if b.text() == "Candles")
    assert not candles.isEnabled()  # only closes are stored
    press(chart, "Week")
    assert candles.isEnabled()
    candles.click()
    assert len(chart.findChildren(Candles)) == 1
    assert "Weeks from Monday" in words(chart)
    press(chart, "Day")
    assert "Closing prices of UTC days." in words(chart)
    two.page.series.choose("ETH", "USD")
    two.qtbot.waitUntil(lambda: shown(two) == "ETH in USD")
    chart = the_chart(two)
    drawn = chart.findChildren(Candles)[0]
    assert len(drawn.positions()) == 90
    assert "$10 to $99" in drawn.accessibleDescription()
    for period in ("3M", "5Y", "All", "1Y"):
        press(chart, period)
    chart.grab()


def test_a_series_of_one_flat_day_is_drawn(market: MarketWindow, tmp_path: Path) -> None:
    market.take(prices(tmp_path / "one.csv", "ONE", [5.0], whole=True))
    market.qtbot.waitUntil(lambda: shown(market) == "ONE in USD")
    chart = the_chart(market)
    chart.grab()
    press(chart, "Candles")
    chart.grab()
    assert "too few to look for outliers · nothing doubtful found" in words(findings(market))


def test_each_finding_has_its_day_and_row_and_offers_the_day(two: MarketWindow) -> None:
    card = findings(two)
    gap, spike = cells(card.table)
    assert gap == [str(day(34)), "Gap: no price for 2 days", f"{day(35)}: $101.00 · File"]
    assert spike[0] == str(day(31))
    assert spike[1].startswith("Spike: +400.0 % to 500")
    assert spike[2] == "$500.00 · File"
    assert "2 missing, at most 2 in a row" in words(card)
    card.table.selectRow(1)
    assert two.page.series.own.day.text() == str(day(31))


def enter(market: MarketWindow, asset: str, currency: str, when: str, price: str) -> None:
    own = market.page.series.own
    for field, text in zip(
        (own.asset, own.currency, own.day, own.price),
        (asset, currency, when, price),
        strict=True,
    ):
        field.setText(text)
    press(own, "Save")


def test_an_entered_price_counts_before_the_import_until_it_is_deleted(two: MarketWindow) -> None:
    own = two.page.series.own
    history = two.service.market.history
    enter(two, "btc", "usd", str(day(31)), "100.5")
    two.qtbot.waitUntil(lambda: cells(own.table) == [[str(day(31)), "$100.50"]])
    assert {p.day: p.close for p in history("BTC", "USD")}[day(31)] == Decimal("100.5")
    two.qtbot.waitUntil(lambda: cells(two.page.series.table)[0][-2:] == ["File, You", "1 gap"])
    assert own.price.text() == ""
    own.table.selectRow(0)
    press(own, "Delete")
    two.qtbot.waitUntil(lambda: cells(own.table) == [])
    assert {p.day: p.close for p in history("BTC", "USD")}[day(31)] == 500


def test_a_rate_begins_a_series_of_its_own(two: MarketWindow) -> None:
    enter(two, "EUR", "USD", str(day(1)), "1.08")
    two.qtbot.waitUntil(lambda: shown(two) == "EUR in USD")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (("", "USD", "2026-01-31", "1"), "Name the asset"),
        (("BTC", "USD", "31.1.2026", "1"), "Write the day"),
        (("BTC", "USD", "2026-01-31", "much"), "Write the price"),
        (("BTC", "USD", "2026-01-31", "-1"), "cannot be stored"),
        (("BTC", "USD", "2999-01-31", "1"), "in the future"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(
    market: MarketWindow, entry: tuple[str, str, str, str], sentence: str
) -> None:
    market.qtbot.waitUntil(market.page.series.own.isVisible)
    enter(market, *entry)
    market.qtbot.waitUntil(lambda: sentence in market.page.series.own.error.text())
    assert market.service.market.series() == []


KINDS = {
    "yields": ("pool,apy,tvl\nP,5,1000\n", "Yields of P", "Yields · 2 rows"),
    "scores": ("date,score\n2026-01-20,0.5\n", "Sentiment of", "Sentiment · 1 row"),
    "sales": (
        "collection,token,date,price,currency\nPunks,1,2024-03-01,1.5,ETH\n",
        "NFT sales of Punks from 2024-03-01 to 2024-03-01, read as CSV.",
        "NFT sales · 1 row",
    ),
    "prices": ("date,symbol,price\n2026-01-20,BTC,9\n", "Prices of BTC", "Prices · 1 row"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recognised_stored_and_undone(
    market: MarketWindow, tmp_path: Path, kind: str
) -> None:
    text, said, listed = KINDS[kind]
    path = tmp_path / "file.csv"
    path.write_text(text)
    dialog = market.preview(path)
    assert said in words(dialog)
    assert cells(dialog.findChildren(DataTable)[0])
    dialog.confirm_button.click()
    market.qtbot.waitUntil(lambda: listed in words(market.page.series.imports))
    press(market.page.series.imports, "Undo import: file.csv")
    market.qtbot.waitUntil(lambda: market.service.market.imports() == [])
    market.qtbot.waitUntil(lambda: "Nothing has been imported" in words(market.page))


def test_a_file_that_names_no_asset_is_read_again_with_one(
    market: MarketWindow, tmp_path: Path
) -> None:
    path = tmp_path / "unnamed.csv"
    path.write_text("date,price\n2026-01-20,9\n")
    market.session.importing.market.read(path)
    dialog = market.dialog(GivenDialog)
    assert "no symbol column" in words(dialog)
    assert not dialog.again.isEnabled()
    assert nameless(dialog) == []
    dialog.asset.setText("SOL")
    dialog.again.click()
    preview = market.dialog(PreviewDialog)
    assert "Prices of SOL" in words(preview)


def test_many_imports_are_listed_when_asked_for(market: MarketWindow, tmp_path: Path) -> None:
    for number in range(10):
        market.take(prices(tmp_path / f"{number}.csv", "BTC", [5.0 + number]))
    imports = market.page.series.imports
    market.qtbot.waitUntil(lambda: "9.csv" in titles(imports))
    assert "0.csv" not in titles(imports)
    press(imports, "Show all 10")
    market.qtbot.waitUntil(lambda: "0.csv" in titles(imports))


def titles(root: QWidget) -> set[str]:
    return {one.text() for one in root.findChildren(QLabel) if one.isVisible()}


def test_everything_has_a_name_and_no_button_is_cut(two: MarketWindow) -> None:
    assert nameless(two.page) == []
    for size in ((1280, 800), (940, 600)):
        two.window.resize(*size)
        two.qtbot.wait(30)
        for one in two.page.findChildren(QPushButton):
            if one.isVisible() and one.text():
                assert one.width() >= one.minimumSizeHint().width(), one.text()


def test_a_selection_goes_with_its_row_when_sorted(qtbot: QtBot) -> None:
    table = DataTable("t")
    qtbot.addWidget(table)
    model = RowsModel([Column("N", "amount")], [(str(n),) for n in (2, 3, 1)], total=("6",))
    table.setModel(model)
    table.selectRow(0)
    model.sort(0, Qt.SortOrder.AscendingOrder)
    assert (table.currentIndex().row(), model.original(1), model.place(2)) == (1, 0, 0)


def test_tiny_figures_are_not_zero() -> None:
    assert full(0.00000123456, "USD") == "$0.000001235"
    assert tiny(0.00000055, "USD", 0.00000005) == "$0.00000055"
    assert tiny(0.0, "USD", 0.00000005) == "$0.00000000"
