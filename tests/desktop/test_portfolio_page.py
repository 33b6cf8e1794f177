"""The portfolio page follows what is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.alerts.section import alert_words, draft_facts
from desktop.portfolio.holdings import holdings_model
from desktop.portfolio.page import PortfolioPage
from desktop.widgets.dialogs import Question
from desktop.window import MainWindow
from engine.core.cards import Draft
from engine.core.events import AlertFired
from engine.service import Alert
from tests.desktop.fake_service import FakeService, some_valuation
from tests.desktop.scripted_chat import NOW


def page(window: MainWindow) -> PortfolioPage:
    """The portfolio page, shown."""
    window.show_page("portfolio")
    assert window.session is not None
    page = window.session.pages.page("portfolio")
    assert isinstance(page, PortfolioPage)
    return page


def words(page: PortfolioPage) -> set[str]:
    """Every text that can be seen."""
    return {one.text() for one in page.findChildren(QLabel) if one.isVisible()}


def test_the_demo_is_shown_and_marked_everywhere(
    qtbot: QtBot, open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    window = open_window()
    shown = page(window)
    qtbot.waitUntil(lambda: "No portfolio yet" in words(shown))
    assert not window.demo_banner.isVisible()
    demo = next(b for b in shown.findChildren(QPushButton) if "demo" in b.accessibleName())
    qtbot.mouseClick(demo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.demo_banner.isVisible)
    shown = page(window)
    qtbot.waitUntil(lambda: "$79,567.09" in words(shown))
    assert "+$29,395.17  (+58.6 %)" in words(shown)
    qtbot.waitUntil(lambda: "demo.csv" in words(shown))
    for name in ("chat", "models", "settings"):
        window.show_page(name)
        assert window.demo_banner.isVisible()

    remove = next(b for b in window.demo_banner.findChildren(QPushButton))
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.demo_banner.isVisible())
    qtbot.waitUntil(lambda: "No portfolio yet" in words(page(window)))


def test_nothing_is_said_before_the_portfolio_is_known(
    qtbot: QtBot, open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    service.portfolio.load_demo()
    shown = page(open_window())
    assert "No portfolio yet" not in words(shown)
    qtbot.waitUntil(lambda: "$79,567.09" in words(shown))


def test_without_prices_nothing_is_said_to_be_worth_nothing(
    qtbot: QtBot, open_window: Callable[[], MainWindow]
) -> None:
    priced = some_valuation()
    unknown = tuple(
        replace(line, price=None, price_day=None, value=None, weight=None, unrealised=None)
        for line in priced.rows
    )
    shown = page(open_window())
    shown.show_valuation(replace(priced, rows=unknown, total=Decimal(0)))
    assert "$0.00" not in words(shown)
    assert any("Import a CSV of price history" in text for text in words(shown))
    assert not shown.value_chart.isVisible()

    shown.show_valuation(replace(priced, rows=(*unknown[:1], *priced.rows[1:])))
    assert shown.value_chart.isVisible()
    # $9,583.33 on the $31,521.72 that the coins with a price have cost.
    assert "+$9,583.33  (+30.4 %)" in words(shown)


def test_holdings_sort_by_value_not_by_text(qapp: object) -> None:
    model = holdings_model(some_valuation())
    model.sort(3, Qt.SortOrder.AscendingOrder)
    assert [model.text(row, 0) for row in range(3)] == ["ADA", "AVAX", "LINK"]
    model.sort(6, Qt.SortOrder.DescendingOrder)
    assert [model.text(row, 6) for row in range(2)] == ["+$19,811.84", "+$5,537.27"]
    model.sort(0, Qt.SortOrder.AscendingOrder)
    assert model.text(0, 0) == "ADA"


def test_a_header_click_sorts(qtbot: QtBot, window: MainWindow) -> None:
    shown = page(window)
    qtbot.waitUntil(lambda: shown.table.model() is not None)
    header = shown.table.horizontalHeader()
    header.sectionClicked.emit(4)
    assert shown.table.model().index(0, 0).data() == "BTC"
    header.sectionClicked.emit(4)
    assert shown.table.model().index(0, 0).data() == "ADA"


def test_the_period_buttons_change_the_chart(qtbot: QtBot, window: MainWindow) -> None:
    chart = page(window).value_chart
    qtbot.waitUntil(lambda: chart.body.count() == 1, timeout=20_000)
    lengths = {}
    for period in ("1m", "1y", "all"):
        chart.show_period(period)
        lengths[period] = len(chart.body.itemAt(0).widget().positions())
    assert lengths == {"1m": 31, "1y": 366, "all": 1201}


def test_alerts_are_listed_and_deleted_after_a_question(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    service.alerts.alerts = [
        Alert(1, "BTC", "above", Decimal(100_000), "USD", NOW, True, None),
        Alert(2, "ETH", "down_percent", Decimal(10), "USD", NOW, False, NOW),
    ]
    shown = page(window)
    qtbot.waitUntil(lambda: "BTC above $100,000.00" in words(shown))
    assert {"ETH down 10 % within 24 hours", "Fired"} <= words(shown)
    delete = next(
        b
        for b in shown.findChildren(QPushButton)
        if b.accessibleName() == "Delete alert: BTC above $100,000.00"
    )
    qtbot.mouseClick(delete, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.findChildren(Question)))
    assert len(service.alerts.alerts) == 2
    window.findChildren(Question)[0].yes_button.click()
    qtbot.waitUntil(lambda: [alert.id for alert in service.alerts.alerts] == [2])
    qtbot.waitUntil(lambda: "BTC above $100,000.00" not in words(shown))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("above", "SOL above $12.50"),
        ("below", "SOL below $12.50"),
        ("up_percent", "SOL up 12.5 % within 24 hours"),
        ("down_percent", "SOL down 12.5 % within 24 hours"),
    ],
)
def test_alerts_in_words(condition: str, words: str) -> None:
    assert alert_words("SOL", condition, Decimal("12.5"), "USD") == words
    facts = (("asset", "SOL"), ("condition", condition), ("value", "12.5"), ("currency", "USD"))
    assert draft_facts(Draft("d", "alert", "", facts)) == (("Notify when", words),)


def test_an_alert_in_words_is_the_alert_that_is_stored() -> None:
    assert alert_words("BTC", "above", Decimal("100.125"), "USD") == "BTC above $100.125"


@pytest.mark.parametrize("wanted", [True, False])
def test_a_fired_alert_is_announced(
    qtbot: QtBot,
    window: MainWindow,
    service: FakeService,
    monkeypatch: pytest.MonkeyPatch,
    wanted: bool,
) -> None:
    assert window.session is not None
    notified: list[tuple[str, str]] = []
    monkeypatch.setattr(
        window.session.notifier,
        "notify",
        lambda title, text: notified.append((title, text)) or True,
    )
    service.settings.values["notifications"] = wanted
    service.bus.publish(AlertFired(1, "BTC above $100,000.00", "BTC closed at $101,000.00."))
    said = "BTC above $100,000.00 BTC closed at $101,000.00."
    qtbot.waitUntil(lambda: window.toasts.texts() == [said])
    qtbot.wait(50)
    assert bool(notified) == wanted


def test_it_is_said_once_that_alerts_show_only_here(
    qtbot: QtBot, window: MainWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.session is not None
    monkeypatch.setattr(window.session.notifier, "notify", lambda *_: False)
    only = "This desktop shows no notifications: alerts appear in this window only."
    service.bus.publish(AlertFired(1, "One.", "1"))
    qtbot.waitUntil(lambda: window.toasts.texts() == ["One. 1", only])
    service.bus.publish(AlertFired(1, "Two.", "2"))
    qtbot.waitUntil(lambda: "Two. 2" in window.toasts.texts())
    qtbot.wait(50)
    assert window.toasts.texts().count(only) == 1


def test_an_import_can_be_undone_from_the_list(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    undone: list[int] = []
    service.undo = undone.append  # type: ignore[method-assign]
    shown = page(window)
    qtbot.waitUntil(lambda: "demo.csv" in words(shown))
    undo = next(
        b for b in shown.findChildren(QPushButton) if b.accessibleName() == "Undo import: demo.csv"
    )
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: undone == [99])


def test_what_is_missing_is_said(qtbot: QtBot, window: MainWindow, service: FakeService) -> None:
    valuation = some_valuation()
    page(window).show_valuation(
        type(valuation)(date(2026, 11, 22), "USD", valuation.rows, valuation.total, ("No price.",))
    )
    assert "No price." in words(page(window))
