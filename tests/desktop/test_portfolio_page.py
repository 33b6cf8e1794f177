"""The portfolio page: its tabs, and the overview."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.portfolio.holdings_part import HoldingsPart
from desktop.portfolio.overview import OverviewPart
from desktop.portfolio.tax import TaxPart
from desktop.portfolio.transactions import TransactionsPart
from desktop.widgets.plot import Plot
from tests.desktop.fake_service import some_valuation
from tests.desktop.opened_window import cells, press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow
from tests.desktop.test_looks import nameless

TABS = ["Overview", "Holdings", "Performance", "Transactions", "Lots & tax", "Income", "Accounts",
        "Rebalancing"]  # fmt: skip


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


def overview(it: PortfolioWindow) -> OverviewPart:
    """The overview of the demo, once its figures are there."""
    it.load_demo()
    part = it.open("overview", OverviewPart)
    it.wait(lambda: part.value_chart.plot() is not None)
    return part


def test_the_demo_is_shown_and_marked_everywhere(it: PortfolioWindow) -> None:
    it.wait(lambda: "No portfolio yet" in words(it.page))
    assert not it.window.demo_banner.isVisible()
    press(it.page, "Try the demo portfolio")
    it.wait(it.window.demo_banner.isVisible)
    total = it.service.portfolio.valuation().total
    it.wait(lambda: f"${total:,.2f}" in words(it.page))
    for name in ("chat", "models", "settings"):
        it.window.show_page(name)
        assert it.window.demo_banner.isVisible()
    it.window.show_page("portfolio")

    next(b for b in it.window.demo_banner.findChildren(QPushButton)).click()
    it.wait(lambda: not it.window.demo_banner.isVisible())
    it.wait(lambda: "No portfolio yet" in words(it.page))


def test_nothing_is_said_before_the_portfolio_is_known(qtbot: QtBot, tmp_path: Path) -> None:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as it:
        assert words(it.page) == ""
        it.wait(lambda: "No portfolio yet" in words(it.page))


def test_tabs_are_built_when_they_are_shown(it: PortfolioWindow) -> None:
    it.load_demo()
    assert len(it.page.tabs.built()) == 1
    names = [b.text() for b in it.page.tabs.bar.findChildren(QPushButton)]
    assert [name.replace("&&", "&") for name in names] == TABS
    it.page.tabs.show_tab("income")
    assert len(it.page.tabs.built()) == 2
    it.wait(lambda: "Rewards, interest and airdrops" in words(it.page))


def test_keys_go_through_the_tabs(it: PortfolioWindow) -> None:
    it.load_demo()
    it.window.activateWindow()
    it.page.tabs.bar.findChildren(QPushButton)[0].setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(it.page, Qt.Key.Key_Tab, control)
    assert it.page.tabs.current == "holdings"
    QTest.keyClick(it.page, Qt.Key.Key_Backtab, control | Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(it.page, Qt.Key.Key_Backtab, control | Qt.KeyboardModifier.ShiftModifier)
    assert it.page.tabs.current == "rebalancing"
    chosen = it.page.tabs.bar.findChildren(QPushButton)[-1]
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Left)
    assert it.page.tabs.current == "accounts"
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Portfolio: Accounts"


def test_a_hidden_tab_follows_when_it_is_shown(it: PortfolioWindow) -> None:
    part = overview(it)
    it.page.tabs.show_tab("holdings")
    it.service.portfolio.remove_demo()
    it.wait(lambda: part.stale)
    it.wait(lambda: "No portfolio yet" in words(it.page))


def test_figures_are_those_of_the_analyses(it: PortfolioWindow) -> None:
    part = overview(it)
    chart = part.value_chart
    outcome = it.service.analysis.run("growth", {"period": "1y"}).future.result()
    facts = dict(outcome.cards[0].facts)  # type: ignore[union-attr]
    assert chart.gain.text() == facts["gain"]
    assert chart.twr.text() == facts["time-weighted return (TWR)"]
    assert chart.xirr.text() == facts["money-weighted return a year (XIRR)"]
    it.wait(part.movers.table.isVisible)
    moved = it.service.analysis.run("movers", {"period": "1d"}).future.result().cards[1]
    assert cells(part.movers.table) == [list(row) for row in moved.rows]  # type: ignore[union-attr]


def test_the_period_buttons_change_the_chart(it: PortfolioWindow) -> None:
    chart = overview(it).value_chart
    lengths = {}
    for period in ("1m", "3m", "all"):
        drawn = chart.plot()
        press(chart, f"Period: {'All' if period == 'all' else period.upper()}")
        it.wait(lambda old=drawn: chart.plot() not in (None, old))  # type: ignore[misc]
        shown = chart.plot()
        assert isinstance(shown, Plot)
        lengths[period] = len(shown.positions())
    assert 28 <= lengths["1m"] <= 31
    assert 89 <= lengths["3m"] <= 92
    assert lengths["all"] > 400  # a long line is thinned
    assert chart.xirr.text() != "–"


def test_a_benchmark_is_drawn_beside_the_portfolio(it: PortfolioWindow) -> None:
    chart = overview(it).value_chart
    it.wait(lambda: chart.against.count() > 3)
    assert not chart.excess.isVisible()
    chart.against.choose("ETH")
    chart.changed.emit()
    it.wait(lambda: chart.excess.isVisible() and chart.excess.text() != "–")
    it.wait(lambda: "ETH" in words(chart))
    names = [chart.against.itemText(n) for n in range(4)]
    assert names == ["No benchmark", "BTC", "ETH", "60/40 BTC/cash"]
    chart.against.choose("")
    chart.changed.emit()
    it.wait(lambda: "Net contributions" in words(chart))
    assert not chart.excess.isVisible()


def test_why_there_is_no_benchmark_is_said(it: PortfolioWindow) -> None:
    chart = overview(it).value_chart
    it.settled()  # else what is offered comes later, and takes the choice back
    chart.against.offer([("", "No benchmark"), ("DOGE", "DOGE")])
    chart.against.choose("DOGE")
    chart.changed.emit()
    it.wait(lambda: "DOGE" in words(chart))
    assert chart.plot() is None


def test_the_movers_of_another_period(it: PortfolioWindow) -> None:
    part = overview(it)
    it.wait(part.movers.table.isVisible)
    before = cells(part.movers.table)
    press(part.movers, "Period: 30 days")
    it.wait(lambda: cells(part.movers.table) != before)


def test_without_prices_nothing_is_said_to_be_worth_nothing(
    it: PortfolioWindow, tmp_path: Path
) -> None:
    it.take(tmp_path / "moved.csv", MOVED)
    part = it.open("overview", OverviewPart)
    it.wait(lambda: "No prices yet" in words(part))
    assert "$0.00" not in words(part)
    assert not part.value_chart.isVisible()

    priced = some_valuation()
    rows = tuple(
        replace(line, price=None, price_day=None, value=None, weight=None, unrealised=None)
        for line in priced.rows
    )
    part.show_valuation(replace(priced, rows=rows, total=Decimal(0)))
    assert "$0.00" not in words(part)
    part.show_valuation(replace(priced, rows=(*rows[:1], *priced.rows[1:])))
    assert part.value_chart.isVisible()
    # $9,583.33 on the $31,521.72 that the coins with a price have cost.
    assert "+$9,583.33 (+30.4 %)" in words(part)


def test_what_is_missing_is_said(it: PortfolioWindow, tmp_path: Path) -> None:
    it.take(tmp_path / "moved.csv", MOVED)
    part = it.open("overview", OverviewPart)
    it.wait(part.missing.isVisible)
    said = it.service.portfolio.valuation().missing
    assert len(said) > 4
    assert said[0] in words(part.missing)
    assert said[-1] not in words(part.missing)
    part.missing.more.click()
    assert said[-1] in words(part.missing)


def test_everything_that_can_have_the_focus_has_a_name(it: PortfolioWindow) -> None:
    overview(it)
    for tab in it.page.tabs.bar.findChildren(QPushButton):
        tab.click()
        it.qtbot.wait(100)
    assert len(it.page.tabs.built()) == len(TABS)
    it.open("holdings", HoldingsPart).open_coin("BTC")
    it.open("transactions", TransactionsPart).add()
    it.wait(lambda: it.open("tax", TaxPart).view is not None)
    it.open("tax", TaxPart).change_basis()
    assert nameless(it.window) == []


def test_the_overview_fits_a_narrow_window(it: PortfolioWindow) -> None:
    part = overview(it)
    it.window.resize(it.window.minimumSize())
    it.wait(lambda: part.width() < 860)

    def right(one: QWidget) -> int:
        return one.mapToGlobal(one.rect().topRight()).x()

    inside = (part.value_chart, part.movers, part.summary)
    it.wait(lambda: all(right(one) <= right(part) for one in inside))
