"""The tab of transactions: filtered, sorted, changed with a way back, exported."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from desktop.portfolio.transaction_rows import TransactionsModel, ordered
from desktop.portfolio.transactions import TransactionsPart
from desktop.widgets.data_table import DataTable
from engine.core.records import Transaction
from tests.desktop.opened_window import cells, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        found.take(tmp_path / "moved.csv", MOVED)
        yield found


def tab(it: PortfolioWindow) -> TransactionsPart:
    part = it.open("transactions", TransactionsPart)
    it.wait(lambda: part.model.rowCount() == 8 and part.names is not None)
    return part


def times(part: TransactionsPart) -> list[str]:
    return [row[0][:10] for row in cells(part.table)]


def choose(part: TransactionsPart, text: str) -> Transaction:
    """Choose the row whose note is this text."""
    number = next(n for n, row in enumerate(cells(part.table)) if row[-1] == text)
    part.table.selectRow(number)
    return part.model.row(number)


def test_the_newest_comes_first(it: PortfolioWindow) -> None:
    part = tab(it)
    assert times(part) == sorted(times(part), reverse=True)
    assert cells(part.table)[-1] == [
        "2025-01-02 10:00", "Buy", "$20,000.00", "0.5 BTC", "$10.00", "Coinbase", "long", "first",
    ]  # fmt: skip
    assert "8 transactions" in words(part)


def test_filters_narrow_the_list(it: PortfolioWindow) -> None:
    part = tab(it)
    kinds = part.filters.pickers["kind"]
    kinds.choose("withdrawal")
    kinds.picked.emit("withdrawal")
    it.wait(lambda: part.model.rowCount() == 2)
    assert "2 of 8 transactions" in words(part)
    press(part, "Clear")
    it.wait(lambda: part.model.rowCount() == 8)
    it.qtbot.keyClicks(part.filters.text, "PUNK")
    it.wait(lambda: part.model.rowCount() == 1)
    part.filters.choose(period="2024")
    part.filters.changed.emit()
    it.wait(lambda: part.model.rowCount() == 0)
    for filters, count in (({"tag": "long"}, 1), ({"account": "Ledger"}, 1), ({"asset": "ETH"}, 5)):
        part.filters.choose(**filters)
        part.filters.changed.emit()
        it.wait(lambda count=count: part.model.rowCount() == count)  # type: ignore[misc]


def test_only_names_that_occur_are_offered(it: PortfolioWindow) -> None:
    part = tab(it)
    names = part.names
    assert names is not None
    assert names.kinds == ("buy", "deposit", "income", "nft_buy", "withdrawal")
    assert names.accounts == ("Coinbase", "Kraken", "Ledger")
    assert names.assets == ("BTC", "ETH", "PUNKS#7804", "USD")
    assert (names.tags, names.years) == (("long",), ("2025",))


def test_no_filter_is_cut_in_a_narrow_window(it: PortfolioWindow) -> None:
    it.window.resize(it.window.minimumSize())
    filters = tab(it).filters
    filters.choose(account="Ledger", tag="long")
    shown = (*filters.pickers.values(), filters.clear_button)
    it.wait(lambda: all(one.isVisible() for one in shown))
    for one in shown:
        assert one.width() >= one.minimumSizeHint().width(), one.accessibleName()
        assert filters.rect().right() >= one.mapTo(filters, one.rect().bottomRight()).x()
        assert filters.rect().bottom() >= one.mapTo(filters, one.rect().bottomRight()).y()
    it.window.resize(1400, 800)
    it.wait(lambda: filters.clear_button.mapTo(filters, QPoint(0, 0)).y() < filters.text.height())


def test_a_header_click_sorts(it: PortfolioWindow) -> None:
    part = tab(it)
    header = part.table.horizontalHeader()
    header.sectionClicked.emit(3)
    header.sectionClicked.emit(3)
    received = [row[3] for row in cells(part.table)]
    it.wait(lambda: cells(part.table)[-1][3] == "1 PUNKS#7804")
    received = [row[3] for row in cells(part.table) if row[3]]
    assert received == ["0.2499 BTC", "0.5 BTC", "0.02 ETH", "1 ETH", "5 ETH", "1 PUNKS#7804"]


def test_the_delete_key_deletes(it: PortfolioWindow) -> None:
    part = tab(it)
    choose(part, "a punk")
    it.window.activateWindow()
    part.table.setFocus()
    it.qtbot.keyClick(part.table, Qt.Key.Key_Delete)
    it.wait(lambda: part.model.rowCount() == 7)
    it.says("Deleted: NFT buy 1 PUNKS#7804 for 1.5 ETH")


def test_what_was_deleted_last_can_be_brought_back(it: PortfolioWindow) -> None:
    part = tab(it)
    for t in it.service.ledger.transactions():
        it.service.ledger.delete(t.id or 0)
    it.wait(lambda: part.model.rowCount() == 0)
    assert part.isVisible()
    it.page.part("overview").stale = False
    it.service.ledger.undo()
    it.wait(lambda: part.model.rowCount() == 1)


def test_only_the_last_change_can_be_undone(it: PortfolioWindow) -> None:
    part = tab(it)
    choose(part, "a punk")
    part.delete()
    it.wait(lambda: part.model.rowCount() == 7)
    first = it.service.ledger.changes()[0].id
    choose(part, "reward")
    part.delete()
    it.wait(lambda: part.model.rowCount() == 6)
    part.changes.undo(first)
    it.says("Other changes have come after this one.")
    assert len(it.service.ledger.transactions()) == 6
    part.changes.undo(it.service.ledger.changes()[0].id)
    it.wait(lambda: part.model.rowCount() == 7)
    part.changes.undo(first)
    it.wait(lambda: part.model.rowCount() == 8)
    part.changes.undo(first)
    it.says("has been taken back already")


def test_all_transactions_are_exported(it: PortfolioWindow, tmp_path: Path) -> None:
    part = tab(it)
    path = tmp_path / "out.csv"
    part.export_to(path)
    it.says("8 transactions written to out.csv.")
    assert len(path.read_text().splitlines()) == 9
    part.export_to(path)
    it.says("out.csv")


def many(count: int) -> list[Transaction]:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    zero = Decimal(0)
    return [
        Transaction(
            start + timedelta(minutes=n), "buy", "A", f"C{n % 50}", Decimal(n + 1), "USD",
            Decimal(n % 97), None, zero, None, None, f"note {n}", f"{n}", n,
        )
        for n in range(count)
    ]  # fmt: skip


def test_a_long_list_is_only_read_where_it_is_seen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[int] = set()
    text = TransactionsModel.text

    def counted(model: TransactionsModel, row: int, column: int) -> str:
        asked.add(row)
        return text(model, row, column)

    monkeypatch.setattr(TransactionsModel, "text", counted)
    table, model = DataTable("Transactions"), TransactionsModel()
    qtbot.addWidget(table)
    table.setModel(model)
    table.resize(900, 500)
    table.show()
    rows = many(100_000)
    model.show_rows(rows, (0, Qt.SortOrder.AscendingOrder))
    qtbot.wait(50)
    table.scrollToBottom()
    table.viewport().repaint()
    assert len(asked) < 200
    assert 99_999 in asked


def test_sorting_amounts_goes_by_asset_first(qapp: object) -> None:
    found = ordered(many(200), (3, Qt.SortOrder.DescendingOrder))
    keys = [(t.asset_in, t.amount_in) for t in found]
    assert keys == sorted(keys, key=lambda key: (key[0] or "", key[1]), reverse=True)
