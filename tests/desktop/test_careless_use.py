"""A careless user of the portfolio: each mistake gets a sentence, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.holdings_part import HoldingsPart
from desktop.portfolio.preview import PreviewDialog
from desktop.portfolio.transaction_dialog import TransactionDialog
from desktop.portfolio.transaction_form import LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG
from desktop.portfolio.transactions import TransactionsPart
from desktop.widgets.dialogs import Notice
from engine.ledger.importers.base import ACCOUNT_LENGTH, NOTE_LENGTH
from engine.ledger.importers.generic import TAG_LENGTH
from tests.desktop.opened_window import press, words
from tests.desktop.portfolio_window import HEADER, MOVED, PortfolioWindow
from tests.desktop.test_transaction_dialog import fill
from tests.desktop.test_transactions_tab import tab

SOLD = HEADER + (
    "2025-01-02 10:00:00,buy,Coinbase,BTC,0.5,USD,20000,,,,,,,\n"
    "2025-03-02 10:00:00,sell,Coinbase,USD,25000,BTC,0.5,,,,,,,\n"
)


@pytest.fixture
def empty(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


@pytest.fixture
def it(empty: PortfolioWindow, tmp_path: Path) -> PortfolioWindow:
    empty.take(tmp_path / "moved.csv", MOVED)
    return empty


def test_an_undo_pressed_twice_takes_back_one_change(it: PortfolioWindow) -> None:
    part = tab(it)
    for _ in range(2):
        before = len(it.service.ledger.transactions())
        part.add()
        dialog = it.dialog(TransactionDialog)
        fill(dialog)
        dialog.save()
        it.wait(lambda n=before: part.model.rowCount() == n + 1)
    last = it.service.ledger.changes()[0].id
    part.changes.undo(last)
    part.changes.undo(last)
    it.says("This change has been taken back already.")
    assert len(it.service.ledger.changes()) == 1
    assert len(it.service.ledger.transactions()) == 9


def test_a_first_transaction_can_be_typed(empty: PortfolioWindow) -> None:
    empty.wait(lambda: "No portfolio yet" in words(empty.page))
    press(empty.page, "Type in a transaction")
    dialog = empty.dialog(TransactionDialog)
    fill(dialog)
    dialog.save()
    empty.wait(empty.page.tabs.isVisible)
    assert len(empty.service.ledger.transactions()) == 1


def test_no_more_can_be_typed_than_is_stored(it: PortfolioWindow) -> None:
    assert (LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE) == (ACCOUNT_LENGTH, TAG_LENGTH, NOTE_LENGTH)
    part = tab(it)
    part.add()
    dialog = it.dialog(TransactionDialog)
    fill(dialog)
    dialog.form.account.setEditText("A" * 5000)
    dialog.form.tag.setEditText("T" * 5000)
    dialog.form.note.setText("N" * 5000)
    seen = dialog.form.account.currentText(), dialog.form.tag.currentText()
    dialog.save()
    it.wait(lambda: part.model.rowCount() == 9)
    stored = it.service.ledger.transactions(kind="sell")[0]
    assert (stored.account, stored.tag) == seen
    assert len(stored.note) == LONGEST_NOTE


def test_a_decimal_comma_is_told_how_to_write_it(it: PortfolioWindow) -> None:
    part = tab(it)
    part.add()
    dialog = it.dialog(TransactionDialog)
    fill(dialog)
    dialog.form.sent.amount.setText("0,5")
    dialog.save()
    assert "Write it like 1234.56." in dialog.error.text()


def test_beside_the_demo_the_dialog_says_so_at_once(empty: PortfolioWindow) -> None:
    empty.load_demo()
    part = empty.open("transactions", TransactionsPart)
    empty.wait(lambda: part.model.rowCount() > 0)
    part.add()
    dialog = empty.dialog(TransactionDialog)
    assert "Remove the demo first" in dialog.error.text()
    assert dialog.error.isVisible()
    dialog.reject()
    part.table.selectRow(0)
    part.edit()
    assert not empty.dialog(TransactionDialog).error.isVisible()


def test_no_field_is_cut_off_whatever_the_kind(it: PortfolioWindow) -> None:
    part = tab(it)
    part.add()
    dialog = it.dialog(TransactionDialog)
    dialog.form.time.setText("soon")
    dialog.save()
    layout = dialog.layout()
    assert layout is not None
    for kind in ("transfer", "buy", "lp_add"):
        dialog.form.kind.choose(kind)
        it.wait(lambda: dialog.height() == layout.totalHeightForWidth(dialog.width()))
        field = dialog.form.fee
        assert field.height() >= field.sizeHint().height()


def test_an_empty_list_says_why(it: PortfolioWindow) -> None:
    part = tab(it)
    part.filters.text.setText("nothing is called so")
    it.wait(part.nothing.isVisible)
    assert "No transaction fits these filters." in words(part)
    part.filters.clear()
    it.wait(part.table.isVisible)


def test_a_file_that_is_no_table_gets_a_short_sentence(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('{"a":[1,2,3]}')
    it.session.importing.read(path)
    notice = it.dialog(Notice)
    assert "x.csv holds no table" in words(notice)
    notice.reject()


def test_a_long_file_name_does_not_widen_the_preview(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / ("n" * 180 + ".csv")
    path.write_text(SOLD + "2025-13-01,buy,Coinbase,BTC,1,USD,1,,,,,,,\n")
    it.session.importing.read(path)
    preview = it.dialog(PreviewDialog)
    assert preview.width() < it.window.width()
    assert "What is not understood is left out" in words(preview)
    # It is gone by the time of the import; what was seen is what is stored.
    path.unlink()
    preview.accept()
    it.wait(lambda: len(it.service.ledger.transactions()) == 10)


def test_after_everything_is_sold_nothing_is_held(empty: PortfolioWindow, tmp_path: Path) -> None:
    empty.take(tmp_path / "sold.csv", SOLD + "2025-03-03,withdrawal,Coinbase,,,USD,5000,,,,,,,\n")
    part = empty.open("holdings", HoldingsPart)
    part.account.choose("Coinbase")
    part.refresh()
    empty.wait(lambda: "Nothing is held here now." in words(part))
    assert not part.table.isVisible()


def test_without_prices_no_total_is_shown(it: PortfolioWindow) -> None:
    part = it.open("holdings", HoldingsPart)
    it.wait(lambda: "Value not known" in words(part))
    assert "$0.00" not in words(part)
