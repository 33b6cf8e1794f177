"""Adding and changing a transaction: what is wrong is said in place, everything has a way back."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.history import HistoryDialog
from desktop.portfolio.kinds import KINDS, kind_name, sides_of
from desktop.portfolio.transaction_dialog import TransactionDialog
from desktop.portfolio.transaction_rows import summary
from desktop.portfolio.transactions import TransactionsPart
from tests.desktop.opened_window import cells, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow
from tests.desktop.test_transactions_tab import choose, tab


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        found.take(tmp_path / "moved.csv", MOVED)
        yield found


def fill(dialog: TransactionDialog) -> None:
    """Enter a sale."""
    form = dialog.form
    form.kind.choose("sell")
    form.time.setText("2025-06-01 12:00")
    form.account.setEditText("Coinbase")
    form.sent.amount.setText("0.1")
    form.sent.asset.setEditText("btc")
    form.received.amount.setText("9,000")
    form.received.asset.setEditText("USD")
    form.tag.setEditText("rent")


def test_a_transaction_is_added_and_undone(it: PortfolioWindow) -> None:
    part = tab(it)
    press(part, "Add")
    dialog = it.dialog(TransactionDialog)
    fill(dialog)
    dialog.save()
    it.wait(lambda: part.model.rowCount() == 9)
    added = it.service.ledger.transactions(kind="sell")[0]
    assert (added.asset_out, added.amount_out) == ("BTC", Decimal("0.1"))
    assert (added.asset_in, added.amount_in, added.tag) == ("USD", Decimal(9000), "rent")
    it.says("Added: Sell $9,000.00 for 0.1 BTC")
    press(it.window, "Undo")
    it.wait(lambda: part.model.rowCount() == 8)
    it.says("Undone: Sell")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("time", "soon", "Time"),
        ("time", "2035-01-01", "in the future"),
        ("account", "", "Account"),
        ("amount", "", "Sold: no amount"),
        ("amount", "-1", "Sold: the amount is negative"),
        ("asset", "b t c", "Sold"),
        ("paid", "", "needs what came in"),
    ],
)
def test_what_is_wrong_is_said_in_the_dialog(
    it: PortfolioWindow, field: str, text: str, said: str
) -> None:
    part = tab(it)
    part.add()
    dialog = it.dialog(TransactionDialog)
    fill(dialog)
    form = dialog.form
    match field:
        case "time":
            form.time.setText(text)
        case "account":
            form.account.setEditText(text)
        case "amount":
            form.sent.amount.setText(text)
        case "asset":
            form.sent.asset.setEditText(text)
        case _:
            form.received.amount.setText(text)
            form.received.asset.setEditText(text)
    dialog.save()
    it.wait(dialog.error.isVisible)
    assert said in dialog.error.text()
    assert dialog.save_button.isEnabled()
    assert len(it.service.ledger.transactions()) == 8


def test_beside_the_demo_nothing_is_added(qtbot: QtBot, tmp_path: Path) -> None:
    with PortfolioWindow.opened(qtbot, tmp_path / "demo") as it:
        it.load_demo()
        part = it.open("transactions", TransactionsPart)
        it.wait(lambda: part.names is not None)
        part.add()
        dialog = it.dialog(TransactionDialog)
        fill(dialog)
        dialog.save()
        it.wait(dialog.error.isVisible)
        assert "demo" in dialog.error.text()


def test_every_kind_can_be_shown_and_read_back(it: PortfolioWindow) -> None:
    part = tab(it)
    part.add()
    form = it.dialog(TransactionDialog).form
    for kind in KINDS:
        form.kind.choose(kind)
        sides = sides_of(kind)
        assert form.sent.isHidden() == (not sides.sent)
        assert form.received.isHidden() == (not sides.received)
        assert form.to_account.isHidden() == (kind != "transfer")
        assert form.income_kind.isHidden() == (kind != "income")
    for number in range(part.model.rowCount()):
        t = part.model.row(number)
        form.show_transaction(t)
        assert form.transaction(t) == t


def test_a_transfer_moves_one_amount(it: PortfolioWindow) -> None:
    part = tab(it)
    part.add()
    dialog = it.dialog(TransactionDialog)
    fill(dialog)
    dialog.form.kind.choose("transfer")
    dialog.form.to_account.setEditText("Ledger")
    dialog.save()
    it.wait(lambda: part.model.rowCount() == 9)
    moved = it.service.ledger.transactions(kind="transfer")[0]
    assert (moved.asset_in, moved.amount_in, moved.to_account) == ("BTC", Decimal("0.1"), "Ledger")
    it.wait(lambda: "Coinbase → Ledger" in [row[5] for row in cells(part.table)])


def test_an_edit_keeps_the_row_and_tells_what_changed(it: PortfolioWindow) -> None:
    part = tab(it)
    before = choose(part, "reward")
    part.table.activated.emit(part.table.currentIndex())
    dialog = it.dialog(TransactionDialog)
    assert dialog.form.worth.amount.text() == "60"
    dialog.form.note.setText("for May")
    dialog.save()
    it.wait(lambda: "for May" in [row[-1] for row in cells(part.table)])
    assert it.service.ledger.transactions("for May") == [replace(before, note="for May")]
    chosen = part.chosen()
    assert chosen is not None
    assert chosen.note == "for May"
    press(part, "History")
    history = it.dialog(HistoryDialog)
    it.wait(lambda: "Note: reward → for May" in words(history))
    press(history, f"Undo: {summary(before)}")
    it.wait(lambda: "No transaction has been changed by hand." in words(history))
    assert it.service.ledger.transactions("reward") == [before]


def test_saving_what_was_there_is_no_change(it: PortfolioWindow) -> None:
    part = tab(it)
    choose(part, "reward")
    part.edit()
    dialog = it.dialog(TransactionDialog)
    dialog.save()
    it.wait(lambda: part.dialog is None)
    assert it.service.ledger.changes() == []
    assert it.window.toasts.texts() == []


def test_every_kind_has_a_name(qapp: object) -> None:
    assert len({kind_name(kind) for kind in KINDS}) == len(KINDS)
