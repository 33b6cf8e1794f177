"""The Analysis page on a real service with the demo: forms, results, and the way into the chat."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QPlainTextEdit, QSlider
from pytestqt.qtbot import QtBot

from desktop.analysis.controls import NumberControl, control
from desktop.analysis.page import AnalysisPage
from desktop.analysis.view import AnalysisView
from desktop.theme import theme
from desktop.widgets.bars import LyingBars
from desktop.widgets.chart import chart
from desktop.widgets.data_table import DataTable
from desktop.widgets.donut import colour
from desktop.widgets.facts import Facts
from desktop.widgets.heatmap import Heatmap
from desktop.widgets.plot import Plot
from desktop.widgets.scatter import Scatter, name_anchor
from desktop.widgets.table import RowsModel
from engine.core.cards import ChartCard, Column, Series
from engine.service import Param, Service
from tests.desktop.opened_window import OpenedWindow, press, words
from tests.desktop.test_looks import nameless


class AnalysisWindow(OpenedWindow):
    """A window at its Analysis page."""

    KEY: ClassVar[str] = "analysis"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(AnalysisPage)
        self.wait(lambda: self.page.chosen() != "")

    def show(self, name: str) -> AnalysisView:
        self.page.choose(name)
        view = self.page.view
        assert view is not None
        return view

    def choose(self, name: str) -> AnalysisView:
        """The same, with what it says."""
        view = self.show(name)
        self.wait(lambda: any(card.isVisible() for card in view.cards()))
        return view


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[AnalysisWindow]:
    with AnalysisWindow.opened(qtbot, tmp_path / "home", demo=True) as found:
        yield found


def test_every_analysis_opens_with_a_result_or_a_plain_sentence(opened: AnalysisWindow) -> None:
    names = [form.name for form in opened.service.analysis.forms() if form.group != "Portfolio"]
    assert len(names) >= 15
    for name in names:
        view = opened.choose(name)
        assert not nameless(view), name
        assert "error in Assay" not in words(view)


def test_a_ratio_opens_on_the_two_largest_holdings(opened: AnalysisWindow) -> None:
    assert "ETH in BTC" in words(opened.choose("price_ratio"))


def test_a_loan_begins_with_the_largest_holding_and_asks_for_the_debt(
    opened: AnalysisWindow,
) -> None:
    view = opened.choose("loan_health")
    assert "Enter “Debt”: what you owe, in the reporting currency." in words(view)
    held = opened.service.portfolio.valuation().rows
    assert view.form.values()["asset"] == "BTC"
    assert view.form.values()["amount"] == next(one.amount for one in held if one.asset == "BTC")
    debt = next(one for one in view.form.controls if one.name == "debt").findChild(QDoubleSpinBox)
    assert debt is not None
    debt.setValue(1000)
    opened.wait(lambda: "Liquidation price" in words(view))


def test_the_amount_of_a_loan_follows_its_collateral_until_one_is_typed(
    opened: AnalysisWindow,
) -> None:
    form = opened.choose("loan_health").form
    held = {one.asset: one.amount for one in opened.service.portfolio.valuation().rows}
    box = form.controls[0].findChild(QComboBox)
    spin = form.controls[1].findChild(QDoubleSpinBox)
    assert box is not None
    assert spin is not None

    def choose(coin: str) -> object:
        box.setCurrentText(coin)
        box.activated.emit(box.currentIndex())
        return form.values().get("amount")

    assert choose("ETH") == held["ETH"]
    assert choose("btc") == held["BTC"]
    assert choose("NONE") is None
    assert choose("BTC") == held["BTC"]
    spin.setValue(2)
    assert choose("ETH") == 2


def test_leaving_out_is_called_all(opened: AnalysisWindow) -> None:
    firsts = {
        one.title: box.itemText(0)
        for name in ("stress_replay", "risk_board")
        for one in opened.choose(name).form.controls
        if (box := one.findChild(QComboBox)) is not None and not box.itemData(0)
    }
    assert firsts == {"Scenario": "all", "Asset or portfolio": "all"}


@pytest.mark.parametrize("name", ["nft_value", "yields_compared", "sentiment"])
def test_what_must_be_imported_first_is_said(opened: AnalysisWindow, name: str) -> None:
    view = opened.choose(name)
    assert "Nothing imported yet" in words(view)
    assert not view.form.isVisible()
    press(view, "Open Market data")
    assert opened.session.pages.page("market").isVisible()


def test_only_what_matters_for_a_pool_is_asked(opened: AnalysisWindow) -> None:
    view = opened.choose("lp_lab")
    box = view.form.controls[0].findChild(QComboBox)
    assert box is not None
    special = {"weight_percent", "below_percent", "above_percent"}
    seen = {}
    for pool in ("v2 50/50", "weighted", "v3 range"):
        box.setCurrentText(pool)
        box.activated.emit(box.currentIndex())
        shown = {one.name for one in view.form.controls if one.isVisible()}
        seen[pool] = shown & special
        assert len(shown - special) == 6
    assert seen == {
        "v2 50/50": set(),
        "weighted": {"weight_percent"},
        "v3 range": {"below_percent", "above_percent"},
    }


def test_numbers_are_shown_without_empty_decimals(opened: AnalysisWindow) -> None:
    view = opened.choose("loan_health")
    spins = [one.text() for one in view.form.findChildren(QDoubleSpinBox)]
    assert spins[1:] == ["0", "82.5"]


def test_a_changed_value_computes_again(opened: AnalysisWindow) -> None:
    view = opened.choose("lp_lab")
    assert "-2.02 %" in words(view)
    change = next(one for one in view.form.controls if one.name == "price_change_percent")
    spin = change.findChild(QDoubleSpinBox)
    assert spin is not None
    spin.setValue(300)
    opened.wait(lambda: "-20.00 %" in words(view))
    slider = change.findChild(QSlider)
    assert slider is not None
    assert slider.value() > slider.maximum() // 2


def test_a_needed_value_is_asked_for(opened: AnalysisWindow) -> None:
    view = opened.show("loan_health")
    box = view.form.controls[0].findChild(QComboBox)
    assert box is not None
    box.setEditText("")
    view.form.emit_values()
    opened.wait(lambda: "Enter “Collateral”: the coin deposited" in words(view))


def test_a_token_is_scored_from_what_is_pasted(opened: AnalysisWindow) -> None:
    view = opened.choose("token_scorecard")
    assert "Paste what you know of it" in words(view)
    field = view.findChild(QPlainTextEdit)
    assert field is not None
    field.setPlainText("Anonymous team. Unaudited. Promises 1000x gains. Many scam reports.")
    opened.wait(lambda: "High risk" in words(view) or "high" in words(view))


def test_a_result_is_taken_into_the_chat(opened: AnalysisWindow) -> None:
    view = opened.choose("risk_board")
    press(view, "Ask about this")
    chat = opened.window.chat_page
    opened.wait(lambda: "Annualised volatility" in words(chat))
    assert "Risk board" in words(chat)


def test_new_data_are_computed_with(opened: AnalysisWindow) -> None:
    opened.choose("risk_board")
    opened.service.portfolio.remove_demo()
    opened.wait(lambda: "There is no portfolio yet." in words(opened.page))


def test_new_prices_leave_what_is_being_typed(opened: AnalysisWindow) -> None:
    field = opened.choose("token_scorecard").findChild(QPlainTextEdit)
    assert field is not None
    field.setPlainText("An anonymous team, and")
    day = opened.service.market.history("ETH")[-1].day
    opened.service.market.add_price("ETH", day, Decimal(900_000))
    opened.settled()
    assert field.toPlainText() == "An anonymous team, and"
    # ETH is the largest holding now, which a form opened anew begins with.
    view = opened.choose("price_ratio")
    begun = view.form.values()
    assert (begun["asset"], begun["against"]) == ("BTC", "ETH")
    opened.service.market.add_price("ETH", day, Decimal(1))
    opened.settled()
    assert opened.page.view is view
    assert view.form.values() == begun


def test_other_holdings_leave_what_was_entered(opened: AnalysisWindow) -> None:
    view = opened.choose("loan_health")
    asset, _, debt, _ = view.form.controls
    box = asset.findChild(QComboBox)
    assert box is not None
    box.setCurrentText("ETH")
    box.activated.emit(box.currentIndex())
    debt.fill(Decimal(1000))
    entered = view.form.values()
    assert set(view.form.entered()) == {"asset", "debt"}

    buy = opened.service.ledger.transactions(kind="buy", asset="ETH")[0]
    assert buy.id is not None
    opened.service.ledger.edit(buy.id, replace(buy, amount_in=buy.amount_in + 2))
    opened.wait(lambda: opened.page.view is not view)
    assert opened.page.view is not None
    # Nobody has typed the amount, so it is that held now.
    amount = Decimal(str(entered["amount"])) + 2
    assert opened.page.view.form.values() == entered | {"amount": amount}


@pytest.mark.parametrize(
    ("param", "offers", "value", "none"),
    [
        (Param("text", "text", False, "", long=True), (), "two\nlines", None),
        (Param("text", "text", False, ""), (), "a line", None),
        (Param("asset", "asset", True, ""), ("BTC", "ETH"), "ETH", None),
        (Param("asset", "asset", True, ""), ("BTC", "ETH"), "DOGE", None),
        (Param("account", "account", False, ""), ("Main", "Cold"), "Cold", None),
        (Param("days", "number", False, "", default=Decimal(90)), (), Decimal(7), None),
        (Param("mode", "enum", False, "", ("a", "b"), default="a"), (), "b", "b"),
    ],
)
def test_a_control_takes_what_it_gives(
    param: Param, offers: tuple[str, ...], value: str | Decimal, none: str | None
) -> None:
    one = control(param, offers, lambda: None)
    one.fill(value)
    assert one.value() == value
    one.fill(None)
    assert one.value() == none


def test_a_form_says_what_is_entered() -> None:
    param = Param(
        "days", "number", False, "days", label="Days", default=Decimal(90), least=Decimal(1),
        most=Decimal(365),
    )  # fmt: skip
    changes: list[int] = []
    one = control(param, (), lambda: changes.append(1))
    assert isinstance(one, NumberControl)
    assert one.value() == 90


def test_bars_with_long_names_lie_and_tell_them_whole(qtbot: QtBot) -> None:
    names = ("FTX, November 2022", "a rise", "a very long name of a scenario of my own " * 3)
    bars = ChartCard("All scenarios", "bar", (Series("Change", names, (-21.5, 8.0, 0.0)),), "%",
                     "", False)  # fmt: skip
    shown = chart(bars)
    qtbot.addWidget(shown)
    assert isinstance(shown, LyingBars)
    shown.resize(500, shown.sizeHint().height())
    shown.show()
    assert shown.told(20, 40) == "a rise: 8.00 %"
    assert shown.told(20, 70).startswith(names[2][:120])
    assert shown.told(20, 400) == ""
    image = shown.grab().toImage()
    falls = [x for x in range(500) if image.pixelColor(x, 16).name() == theme().tokens.negative]
    rises = [x for x in range(500) if image.pixelColor(x, 48).name() == colour(0)]
    assert max(falls) < min(rises)
    assert len(falls) / len(rises) == pytest.approx(21.5 / 8, rel=0.1)


def test_only_falls_begin_beside_their_names(qtbot: QtBot) -> None:
    names = ("March 2020", "FTX, November 2022")
    bars = ChartCard("All", "bar", (Series("Change", names, (-40.0, -20.0)),), "%", "", False)
    shown = chart(bars)
    qtbot.addWidget(shown)
    shown.resize(500, shown.sizeHint().height())
    shown.show()
    image = shown.grab().toImage()
    rows = [[x for x in range(500) if image.pixelColor(x, y).name() == theme().tokens.negative]
            for y in (16, 48)]  # fmt: skip
    assert abs(rows[0][0] - rows[1][0]) <= 1
    assert len(rows[0]) / len(rows[1]) == pytest.approx(2, rel=0.05)


def test_several_lines_are_named_over_the_chart(qtbot: QtBot) -> None:
    days = ("2026-01-01", "2026-02-01")
    lines = (Series("the portfolio", days, (1.0, 2.0)), Series("BTC", days, (1.0, 3.0)))
    shown = chart(ChartCard("Against BTC", "line", lines, "", "", False))
    qtbot.addWidget(shown)
    shown.show()
    assert words(shown).split("\n")[:2] == ["The portfolio", "BTC"]
    assert isinstance(chart(ChartCard("Alone", "line", lines[:1], "", "", False)), Plot)


@pytest.mark.parametrize(("width", "columns"), [(700, 2), (400, 1)])
def test_many_facts_stand_in_as_many_columns_as_fit(qtbot: QtBot, width: int, columns: int) -> None:
    facts = Facts([(f"name {number}", str(number)) for number in range(12)])
    qtbot.addWidget(facts)
    facts.resize(width, 500)
    facts.show()
    names = [one for one in facts.findChildren(QLabel) if one.text().startswith("Name")]
    qtbot.waitUntil(
        lambda: len({one.mapTo(facts, one.rect().topLeft()).x() for one in names}) == columns
    )


def test_the_widest_column_never_vanishes(qtbot: QtBot) -> None:
    table = DataTable("Falls")
    qtbot.addWidget(table)
    columns = [Column(f"Title {number}", "percent") for number in range(9)]
    table.setModel(RowsModel(columns, [("-41.27 %",) * 9]))
    table.fit_height(5)
    table.resize(400, table.height())
    table.show()
    header = table.horizontalHeader()
    qtbot.waitUntil(lambda: header.sectionSize(0) >= header.sectionSizeHint(0))
    narrow = table.height()
    assert header.length() > table.viewport().width()
    table.resize(1200, table.height())
    qtbot.waitUntil(lambda: header.length() == table.viewport().width())
    assert table.height() < narrow


def test_names_in_a_scatter_keep_clear_of_each_other_and_of_their_curve() -> None:
    curve, extent = np.array([[0.0, 0.0], [50.0, -2.0], [100.0, -9.0]]), np.array([100.0, 40.0])
    dots = [np.array([[x, y]]) for x, y in ((10.0, 5.0), (20.0, 5.5))]
    right = name_anchor(dots[0][0], [curve], extent)
    left = name_anchor(dots[1][0], [curve, dots[0]], extent)
    assert (right[0] < 0, left[0] > 1) == (True, True)
    assert name_anchor(curve[1], [curve], extent) not in (left, right)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_heat_map_tells_its_cells(qtbot: QtBot, name: str) -> None:
    theme().apply(name)
    card = ChartCard(
        "Correlation",
        "heatmap",
        (Series("BTC", ("BTC", "ETH"), (1.0, -0.4)), Series("ETH", ("BTC", "ETH"), (-0.4, 1.0))),
        "",
        "",
        False,
    )
    shown = chart(card)
    qtbot.addWidget(shown)
    assert isinstance(shown, Heatmap)
    assert "BTC" in shown.accessibleDescription()
    shown.resize(400, 120)
    shown.show()
    image = shown.grab().toImage()
    assert len({image.pixel(x, 40) for x in range(0, image.width(), 3)}) > 3
    told = {shown.told(x, 40) for x in range(0, 400, 10)}
    assert told == {"", "BTC – BTC: 1.00", "BTC – ETH: -0.40"}


def test_a_scatter_draws_curves_and_named_dots(qtbot: QtBot) -> None:
    card = ChartCard(
        "Frontier",
        "scatter",
        (
            Series("Efficient frontier", ("10", "20", "30"), (5.0, 9.0, 11.0)),
            Series("HRP", ("18",), (7.0,)),
        ),
        "%",
        "",
        False,
        x_unit="%",
    )
    shown = chart(card)
    qtbot.addWidget(shown)
    assert isinstance(shown, Scatter)
    shown.resize(400, 320)
    shown.show()
    assert shown.focusPolicy() == Qt.FocusPolicy.NoFocus
    image = shown.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, 400, 2) for y in range(0, 320, 4)}) > 5
