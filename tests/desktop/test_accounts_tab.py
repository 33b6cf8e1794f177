"""The tab of accounts: what lies where, transfers to decide, imports and formats."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.account_cards import AccountCard
from desktop.portfolio.accounts import AccountsPart
from desktop.portfolio.transactions import TransactionsPart
from desktop.widgets.dialogs import Question
from tests.desktop.opened_window import pick, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        found.take(tmp_path / "moved.csv", MOVED)
        yield found


def tab(it: PortfolioWindow) -> AccountsPart:
    part = it.open("accounts", AccountsPart)
    it.wait(lambda: len(part.findChildren(AccountCard)) == 3)
    it.wait(lambda: "Coinbase 2025" in words(part.proposed))
    return part


def test_every_account_has_a_card(qtbot: QtBot, tmp_path: Path) -> None:
    with PortfolioWindow.opened(qtbot, tmp_path / "demo") as it:
        it.load_demo()
        part = it.open("accounts", AccountsPart)
        it.wait(lambda: len(part.findChildren(AccountCard)) == 3)
        ledger = next(c for c in part.findChildren(AccountCard) if c.accessibleName() == "Ledger")
        valuation = it.service.portfolio.valuation("Ledger")
        it.wait(lambda: f"${valuation.total:,.2f}" in words(ledger))
        assert "0.13 BTC" in words(ledger)
        press(ledger, "Transactions")
        shown = it.open("transactions", TransactionsPart)
        assert shown.filters.values()["account"] == "Ledger"
        wanted = len(it.service.ledger.transactions(account="Ledger"))
        it.wait(lambda: shown.model.rowCount() == wanted)


def test_a_proposed_transfer_is_confirmed_and_taken_back(it: PortfolioWindow) -> None:
    part = tab(it)
    assert "Coinbase 2025-02-02 10:00 → Ledger 2025-02-02 11:30" in words(part.proposed)
    assert "0.0001 BTC less (the stated fee), 1 h 30 min later" in words(part.proposed)
    press(part.proposed, "Confirm: 0.25 BTC")
    it.wait(lambda: len(it.service.ledger.proposed()) == 1)
    it.wait(lambda: "0.25 BTC" in words(part.decided))
    press(part.decided, "Undo decision: 0.25 BTC")
    it.wait(lambda: len(it.service.ledger.proposed()) == 2)
    it.wait(lambda: not part.decided.isVisible())


def test_what_is_no_transfer_is_not_proposed_again(it: PortfolioWindow) -> None:
    part = tab(it)
    press(part.proposed, "Not a transfer: 1 ETH")
    it.wait(lambda: "Not a transfer" in words(part.decided))
    assert [one.state for one in it.service.ledger.decided()] == ["rejected"]
    press(it.window, "Undo")
    it.wait(lambda: it.service.ledger.decided() == [])


def test_a_confirmed_pair_that_no_longer_fits_says_so(it: PortfolioWindow) -> None:
    part = tab(it)
    press(part.proposed, "Confirm: 0.25 BTC")
    it.wait(lambda: "Transfer" in words(part.decided))
    (one,) = it.service.ledger.decided()
    it.service.ledger.edit(one.deposit.id or 0, replace(one.deposit, amount_in=Decimal(3)))
    it.wait(lambda: "Not used" in words(part.decided))
    assert "Confirmed, but no longer fits: not used" in words(part.decided)


def test_all_are_confirmed_at_once(it: PortfolioWindow) -> None:
    part = tab(it)
    press(part.proposed, "Confirm all 2")
    it.wait(lambda: not part.proposed.isVisible())
    assert [one.state for one in it.service.ledger.decided()] == ["confirmed", "confirmed"]
    it.says("2 transfers joined.")
    press(it.window, "Undo")
    it.wait(part.proposed.isVisible)


def test_an_import_can_be_undone_from_the_list(it: PortfolioWindow) -> None:
    part = tab(it)
    it.wait(lambda: "moved.csv" in words(part.imports))
    pick(part, lambda b: b.accessibleName() == "Undo import: moved.csv").click()
    it.wait(lambda: it.service.portfolio.batches() == [])
    it.wait(lambda: "No portfolio yet" in words(it.page))


def test_a_format_is_forgotten_after_a_question(it: PortfolioWindow, tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("date;kind;coin;amount\n2025-01-02;deposit;BTC;1\n")
    portfolio = it.service.portfolio
    portfolio.save_mapping("My bank", portfolio.suggest_mapping(portfolio.peek(path)))
    part = tab(it)
    it.wait(lambda: "My bank" in words(part.formats))
    press(part.formats, "Forget this format: My bank")
    it.dialog(Question).yes_button.click()
    it.wait(lambda: portfolio.mappings() == {})
    it.wait(lambda: not part.formats.isVisible())
