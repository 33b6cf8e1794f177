"""The Analysis page on a real service with the demo: forms, results, and the way into the chat."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QPlainTextEdit, QSlider
from pytestqt.qtbot import QtBot

from desktop.analysis.controls import NumberControl, control
from desktop.analysis.page import AnalysisPage
from desktop.opening import Start
from desktop.session import Session
from desktop.theme import theme
from desktop.widgets.chart import chart
from desktop.widgets.heatmap import Heatmap
from desktop.widgets.scatter import Scatter
from desktop.window import MainWindow
from engine.core.cards import ChartCard, Series
from engine.core.paths import Paths
from engine.service import Param, Service
from tests.desktop.portfolio_window import press, words
from tests.desktop.test_looks import nameless


class Opened:
    """A window at its Analysis page."""

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        self.qtbot = qtbot
        self.service = service
        self.window = MainWindow()
        qtbot.addWidget(self.window)
        self.session = Session(self.window, Start.read(service))
        self.window.show()
        self.window.show_page("analysis")
        page = self.session.pages.page("analysis")
        assert isinstance(page, AnalysisPage)
        self.page = page
        qtbot.waitUntil(lambda: page.chosen() != "")

    def choose(self, name: str) -> None:
        self.page.choose(name)
        self.wait_for_cards()

    def wait_for_cards(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.view is not None and bool(self.page.view.cards()))


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    service = Service.open(Paths(tmp_path / "home"), background=False)
    service.portfolio.load_demo()
    found = Opened(qtbot, service)
    yield found
    found.window.close()
    service.close()


def test_every_analysis_opens_with_a_result_or_a_plain_sentence(opened: Opened) -> None:
    names = [form.name for form in opened.service.analysis.forms() if form.group != "Portfolio"]
    assert len(names) >= 15
    for name in names:
        opened.page.choose(name)
        view = opened.page.view
        assert view is not None
        opened.qtbot.waitUntil(lambda view=view: bool(view.cards()) or "." in words(view))
        assert not nameless(view), name
        assert "error in Assay" not in words(view)


def test_a_changed_value_computes_again(opened: Opened) -> None:
    opened.choose("lp_lab")
    view = opened.page.view
    assert view is not None
    assert "-2.02 %" in words(view)
    change = next(one for one in view.form.controls if one.name == "price_change_percent")
    spin = change.findChild(QDoubleSpinBox)
    assert spin is not None
    spin.setValue(300)
    opened.qtbot.waitUntil(lambda: "-20.00 %" in words(view))
    slider = change.findChild(QSlider)
    assert slider is not None
    assert slider.value() > slider.maximum() // 2


def test_a_needed_value_is_asked_for(opened: Opened) -> None:
    opened.page.choose("loan_health")
    view = opened.page.view
    assert view is not None
    box = view.form.controls[0].findChild(QComboBox)
    assert box is not None
    box.setEditText("")
    view.form.emit_values()
    opened.qtbot.waitUntil(lambda: "Still needed: Collateral." in words(view))


def test_a_token_is_scored_from_what_is_pasted(opened: Opened) -> None:
    opened.page.choose("token_scorecard")
    view = opened.page.view
    assert view is not None
    field = view.findChild(QPlainTextEdit)
    assert field is not None
    field.setPlainText("Anonymous team. Unaudited. Promises 1000x gains. Many scam reports.")
    opened.qtbot.waitUntil(lambda: "High risk" in words(view) or "high" in words(view))


def test_a_result_is_taken_into_the_chat(opened: Opened) -> None:
    opened.choose("risk_board")
    view = opened.page.view
    assert view is not None
    press(view, "Ask about this")
    chat = opened.window.chat_page
    opened.qtbot.waitUntil(lambda: "Annualised volatility" in words(chat))
    assert "Risk board" in words(chat)


def test_new_data_are_computed_with(opened: Opened) -> None:
    opened.choose("risk_board")
    opened.service.portfolio.remove_demo()
    view = opened.page.view
    assert view is not None
    opened.qtbot.waitUntil(lambda: "There is no portfolio yet." in words(opened.page))


def test_a_form_says_what_is_entered() -> None:
    param = Param(
        "days", "number", False, "days", label="Days", default=Decimal(90), least=Decimal(1),
        most=Decimal(365),
    )  # fmt: skip
    changes: list[int] = []
    one = control(param, (), lambda: changes.append(1))
    assert isinstance(one, NumberControl)
    assert one.value() == 90


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
