"""Alerts in words, and what the window does when one fires."""

from decimal import Decimal

import pytest
from pytestqt.qtbot import QtBot

from desktop.alerts.drafts import alert_words, draft_facts
from desktop.window import MainWindow
from engine.core.cards import Draft
from engine.core.events import AlertCommandFailed, AlertFired
from tests.desktop.fake_service import FakeService


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
    said = "BTC above $100,000.00: BTC closed at $101,000.00."
    qtbot.waitUntil(lambda: window.toasts.texts() == [said])
    qtbot.wait(50)
    assert bool(notified) == wanted


def test_an_alert_makes_a_sound_only_if_it_is_to(
    qtbot: QtBot, window: MainWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.session is not None
    monkeypatch.setattr(window.session.notifier, "notify", lambda *_: True)
    beeps: list[bool] = []
    monkeypatch.setattr("desktop.session.QApplication.beep", lambda: beeps.append(True))
    service.bus.publish(AlertFired(1, "One", "1", "low"))
    service.bus.publish(AlertFired(1, "Two", "2", "normal", sound=True))
    service.bus.publish(AlertCommandFailed("The program is not there."))
    qtbot.waitUntil(lambda: "The program is not there." in window.toasts.texts())
    assert beeps == [True]


def test_it_is_said_once_that_alerts_show_only_here(
    qtbot: QtBot, window: MainWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.session is not None
    monkeypatch.setattr(window.session.notifier, "notify", lambda *_: False)
    only = "This desktop shows no notifications: alerts appear in this window only."
    service.bus.publish(AlertFired(1, "One", "1"))
    qtbot.waitUntil(lambda: window.toasts.texts() == ["One: 1", only])
    service.bus.publish(AlertFired(1, "Two", "2"))
    qtbot.waitUntil(lambda: "Two: 2" in window.toasts.texts())
    qtbot.wait(50)
    assert window.toasts.texts().count(only) == 1
