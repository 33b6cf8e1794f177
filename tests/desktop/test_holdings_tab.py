"""The tab of holdings: one account or all, NFTs apart, the lots of a coin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.portfolio.coin import CoinDialog
from desktop.portfolio.holdings import holdings_model
from desktop.portfolio.holdings_part import HoldingsPart
from desktop.portfolio.transactions import TransactionsPart
from tests.desktop.fake_service import some_valuation
from tests.desktop.opened_window import cells, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


def tab(it: PortfolioWindow) -> HoldingsPart:
    """The tab on the demo."""
    it.load_demo()
    part = it.open("holdings", HoldingsPart)
    it.wait(lambda: part.table.model() is not None and part.account.count() == 4)
    return part


def first_column(part: HoldingsPart) -> list[str]:
    return [row[0] for row in cells(part.table)]


def test_holdings_sort_by_value_not_by_text(qapp: object) -> None:
    model = holdings_model(some_valuation())
    model.sort(3, Qt.SortOrder.AscendingOrder)
    assert [model.text(row, 0) for row in range(3)] == ["ADA", "AVAX", "LINK"]
    assert [model.original(row) for row in range(3)] == [6, 5, 4]
    assert model.place(6) == 0
    model.sort(6, Qt.SortOrder.DescendingOrder)
    assert [model.text(row, 6) for row in range(2)] == ["+$19,811.84", "+$5,537.27"]
    model.sort(0, Qt.SortOrder.AscendingOrder)
    assert model.text(0, 0) == "ADA"


def test_a_header_click_sorts(it: PortfolioWindow) -> None:
    part = tab(it)
    header = part.table.horizontalHeader()
    header.sectionClicked.emit(4)
    assert first_column(part)[0] == "BTC"
    header.sectionClicked.emit(4)
    assert first_column(part)[0] == "ADA"


def test_one_account_alone(it: PortfolioWindow) -> None:
    part = tab(it)
    assert len(first_column(part)) == 7
    part.account.choose("Ledger")
    part.account.picked.emit("Ledger")
    it.wait(lambda: first_column(part) == ["BTC", "ETH"])
    total = it.service.portfolio.valuation("Ledger").total
    it.wait(lambda: f"${total:,.2f}" in words(part))


def test_nfts_stand_apart(it: PortfolioWindow, tmp_path: Path) -> None:
    it.take(tmp_path / "moved.csv", MOVED)
    part = it.open("holdings", HoldingsPart)
    it.wait(part.nfts.isVisible)
    assert cells(part.nfts) == [["PUNKS#7804", "1", "–"]]
    assert "PUNKS#7804" not in first_column(part)
    assert "$0.00" not in words(part)


def test_a_click_shows_the_lots_and_asks_about_them(it: PortfolioWindow) -> None:
    part = tab(it)
    part.table.horizontalHeader().sectionClicked.emit(0)
    part.table.horizontalHeader().sectionClicked.emit(0)
    assert first_column(part)[0] == "ADA"
    place = part.table.visualRect(part.table.model().index(0, 0)).center()
    it.qtbot.mouseClick(part.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    dialog = it.dialog(CoinDialog)
    it.wait(dialog.ask.isEnabled)
    it.wait(lambda: "Lots of ADA" in words(dialog))
    asked: list[tuple[str, str]] = []
    it.page.ask_wanted.connect(lambda *given: asked.append(given))
    dialog.ask.click()
    assert asked[0][0] == "Lots of ADA"
    assert '"lots_held"' in asked[0][1]
    assert '"ADA"' in asked[0][1]
    it.wait(lambda: part.dialog is None)


def test_from_the_lots_to_the_transactions(it: PortfolioWindow) -> None:
    part = tab(it)
    part.open_coin("SOL")
    press(it.dialog(CoinDialog), "Its transactions")
    assert it.page.tabs.current == "transactions"
    shown = it.open("transactions", TransactionsPart)
    wanted = len(it.service.ledger.transactions(asset="SOL"))
    it.wait(lambda: shown.model.rowCount() == wanted)
    assert shown.filters.values()["asset"] == "SOL"


def test_money_has_no_lots_and_says_so(it: PortfolioWindow, tmp_path: Path) -> None:
    it.take(tmp_path / "moved.csv", MOVED)
    part = it.open("holdings", HoldingsPart)
    part.open_coin("PUNKS#7804")
    dialog = it.dialog(CoinDialog)
    it.wait(lambda: "2025-01-07" in words(dialog) or len(words(dialog).splitlines()) > 1)
