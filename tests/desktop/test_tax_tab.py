"""The tab of lots and tax years, and the cost-basis settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.basis import BasisDialog
from desktop.portfolio.basis_words import basis_words
from desktop.portfolio.tax import TaxPart
from engine.service import CostBasis
from tests.desktop.opened_window import press, words
from tests.desktop.portfolio_window import PortfolioWindow


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        found.load_demo()
        yield found


def tab(it: PortfolioWindow) -> TaxPart:
    part = it.open("tax", TaxPart)
    it.wait(lambda: part.view is not None and bool(part.view.cards()))
    return part


def test_lots_a_sale_and_a_tax_year_are_shown_in_turn(it: PortfolioWindow) -> None:
    part = tab(it)
    assert not part.files.isVisible()
    for title, said in (("If I sold", "If you sold"), ("Tax year", "Tax year 20")):
        press(part, f"Analyses: {title}")
        it.wait(lambda said=said: said in words(part))  # type: ignore[misc]
    assert part.files.isVisible()


def test_the_cost_basis_is_changed(it: PortfolioWindow) -> None:
    part = tab(it)
    it.wait(lambda: "First in, first out, each account by itself" in words(part))
    press(part, "Change…")
    form = it.dialog(BasisDialog).form
    form.method.choose("hifo")
    form.scope.choose("all")
    press(form, "Add a change of method")
    line = form.switches()[0]
    line.year.setValue(2025)
    line.method.choose("lifo")
    form.month.choose("4")
    form.day.setValue(6)
    form.long_days.setValue(730)
    it.dialog(BasisDialog).save()
    wanted = CostBasis("hifo", True, ((2025, "lifo"),), (4, 6), True, 730)
    it.wait(lambda: it.service.ledger.basis() == wanted)
    it.wait(lambda: "Highest cost first over all accounts" in words(part))
    said = "Tax years start on 6 April; held long from 730 days."
    it.wait(lambda: said in words(part))


def test_rules_that_make_no_sense_are_refused_in_place(it: PortfolioWindow) -> None:
    part = tab(it)
    it.wait(lambda: "First in, first out" in words(part))
    part.change_basis()
    dialog = it.dialog(BasisDialog)
    dialog.form.method.choose("uk_pool")
    dialog.save()
    assert "all accounts together" in dialog.error.text()
    assert dialog.isVisible()
    dialog.form.scope.choose("all")
    dialog.save()
    it.wait(lambda: it.service.ledger.basis().method == "uk_pool")


def test_a_change_of_method_can_be_removed(it: PortfolioWindow) -> None:
    part = tab(it)
    it.wait(lambda: "First in, first out" in words(part))
    part.change_basis()
    form = it.dialog(BasisDialog).form
    form.add_switch(2024, "lifo")
    form.add_switch(2025, "hifo")
    form.switches()[0].remove.click()
    assert form.read().switches == ((2025, "hifo"),)


def test_days_that_not_every_year_has_cannot_be_chosen(it: PortfolioWindow) -> None:
    part = tab(it)
    it.wait(lambda: "First in, first out" in words(part))
    part.change_basis()
    form = it.dialog(BasisDialog).form
    form.day.setValue(31)
    form.month.choose("2")
    assert form.read().year_start == (2, 28)


@pytest.mark.parametrize(("kind", "start"), [("csv", b"Section"), ("pdf", b"%PDF")])
def test_a_tax_year_is_written_to_a_file(
    it: PortfolioWindow, tmp_path: Path, kind: str, start: bytes
) -> None:
    part = tab(it)
    it.wait(lambda: part.files.year.count() > 1)
    path = tmp_path / f"tax.{kind}"
    part.files.year.choose("2025")
    part.files.save(kind, path)
    it.says(f"The tax year 2025 was written to tax.{kind}.")
    assert path.read_bytes().startswith(start)
    part.files.save(kind, path)
    it.says("There already is a file")


def test_the_settings_in_words(qapp: object) -> None:
    assert basis_words(CostBasis("uk_pool", universal=True)) == (
        "UK share pool",
        "Tax years start on 1 January; held long from 365 days.",
    )
