"""Files of unknown formats: the user says what their columns mean."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.accounts import AccountsPart
from desktop.portfolio.mapping import MappingDialog
from desktop.portfolio.mapping_words import meaning_choices, role_choices
from desktop.portfolio.preview import PreviewDialog
from desktop.widgets.dialogs import Notice
from engine.service import MAPPING_KINDS, MAPPING_ROLES
from tests.desktop.opened_window import cells, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow

BANK = """Booking time;Vorgang;Coin;Menge;Kurs;Währung;Notiz
31.01.2025 14:05;Kauf;BTC;0,25;90.000,00;EUR;first
02.02.2025 09:12;Verkauf;BTC;0,05;95.000,00;EUR;
10.02.2025 11:30;Umbuchung;ETH;0,5;;;internal
"""


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.csv"
    path.write_text(BANK)
    return path


def asked(it: PortfolioWindow, path: Path) -> MappingDialog:
    """The dialog about a file, once it shows what it makes of it."""
    it.session.importing.read(path)
    dialog = it.dialog(MappingDialog)
    it.wait(lambda: bool(dialog.options.words) or not dialog.columns.roles().get("kind"))
    return dialog


def counts(dialog: MappingDialog) -> tuple[int, int]:
    """Rows understood and not, as far as they are listed."""
    return len(cells(dialog.preview.rows)), len(cells(dialog.preview.refused))


def test_an_unknown_file_is_described_kept_and_imported(it: PortfolioWindow, bank: Path) -> None:
    dialog = asked(it, bank)
    assert "What is in bank.csv?" in words(dialog)
    assert "0,25 · 0,05 · 0,5" in words(dialog)
    it.wait(lambda: counts(dialog) == (2, 1))
    assert cells(dialog.preview.rows)[0][1:4] == ["Buy", "0.25 BTC", "€22,500.00"]

    word = dialog.options.words["umbuchung"]
    word.choose("skip")
    word.picked.emit("skip")
    it.wait(lambda: counts(dialog) == (2, 0))
    it.wait(dialog.continue_button.isEnabled)
    dialog.name.setText("My bank")
    dialog.continue_button.click()

    preview = it.dialog(PreviewDialog)
    assert "Recognised as My bank." in words(preview)
    preview.confirm_button.click()
    it.says("2 rows imported from bank.csv.")
    assert len(it.service.ledger.transactions()) == 2

    # From now on such files are known.
    again = bank.with_name("again.csv")
    again.write_text(BANK.replace("0,25", "0,75"))
    it.session.importing.read(again)
    known = it.dialog(PreviewDialog)
    assert "Recognised as My bank." in words(known)


def test_without_a_name_nothing_is_kept(it: PortfolioWindow, bank: Path) -> None:
    dialog = asked(it, bank)
    it.wait(dialog.continue_button.isEnabled)
    dialog.continue_button.click()
    it.dialog(PreviewDialog)
    assert it.service.portfolio.mappings() == {}


def test_a_meaning_is_given_to_one_column_only(it: PortfolioWindow, bank: Path) -> None:
    dialog = asked(it, bank)
    assert dialog.columns.roles()["amount"] == "menge"
    price = dialog.columns.pickers["kurs"]
    price.choose("amount")
    price.picked.emit("amount")
    assert dialog.columns.roles()["amount"] == "kurs"
    assert dialog.columns.pickers["menge"].key() == ""


def test_what_is_missing_is_said(it: PortfolioWindow, bank: Path) -> None:
    dialog = asked(it, bank)
    it.wait(dialog.continue_button.isEnabled)
    when = dialog.columns.pickers["booking time"]
    when.choose("")
    when.picked.emit("")
    it.wait(lambda: "No column is chosen for the date." in words(dialog))
    assert not dialog.continue_button.isEnabled()
    assert counts(dialog) == (0, 0)


def test_what_no_column_says_is_asked_for(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("day,coin,number\n2025-01-02,BTC,1\n2025-01-03,ETH,2\n")
    dialog = asked(it, path)
    columns = dialog.columns.pickers
    for column, role in (("day", "date"), ("coin", "asset"), ("number", "amount")):
        columns[column].choose(role)
        columns[column].picked.emit(role)
    options = dialog.options
    options.kind.choose("income staking")
    options.kind.picked.emit("income staking")
    options.account.setText("Validator")
    it.wait(lambda: counts(dialog) == (2, 0) and cells(dialog.preview.rows)[0][-1] == "Validator")
    dialog.accept()
    it.dialog(PreviewDialog).confirm_button.click()
    it.says("2 rows imported")
    stored = it.service.ledger.transactions()
    assert {(t.kind, t.income_kind, t.account) for t in stored} == {
        ("income", "staking", "Validator")
    }


def test_cancelling_stores_nothing(it: PortfolioWindow, bank: Path) -> None:
    dialog = asked(it, bank)
    press(dialog, "Cancel")
    it.wait(lambda: it.session.importing.unknown.dialog is None)
    assert it.service.ledger.transactions() == []


def test_what_is_no_table_is_refused(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear all\nthis is a letter\n")
    it.session.importing.read(path)
    assert it.dialog(Notice).words.text()


def test_transfers_found_in_an_import_are_pointed_at(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / "moved.csv"
    path.write_text(MOVED)
    it.session.importing.read(path)
    it.dialog(PreviewDialog).confirm_button.click()
    it.says("2 pairs of a withdrawal and a deposit may be transfers.")
    press(it.window, "Review")
    assert it.page.tabs.current == "accounts"
    part = it.open("accounts", AccountsPart)
    it.wait(part.proposed.isVisible)


def test_all_meanings_have_names(qapp: object) -> None:
    assert [key for key, _ in role_choices()] == ["", *MAPPING_ROLES]
    assert len({name for _, name in role_choices()}) == len(MAPPING_ROLES) + 1
    assert {key for key, _ in meaning_choices()} == {"", *MAPPING_KINDS, "skip"}
