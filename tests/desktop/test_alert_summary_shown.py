"""The summary over the history: asked for with a button, streaming, stopped, and whose it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.core.answer_figures import AnswerFigures
from engine.core.events import (
    Event,
    StatusChanged,
    TextDelta,
    TextReplaced,
    ThinkDelta,
    TurnFinished,
)
from tests.desktop.alerts_window import ABOVE, AlertsWindow
from tests.desktop.opened_window import press, words
from tests.desktop.test_looks import nameless

ASK = "Summarise what fired"


class Scripted:
    """A summary that a test writes."""

    def __init__(self) -> None:
        self.started = 0
        self.stopped = 0

    def start(self) -> int:
        self.started += 1
        return -self.started

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[AlertsWindow]:
    with AlertsWindow.opened(qtbot, tmp_path / "home", demo=True) as found:
        yield found


@pytest.fixture
def scripted(it: AlertsWindow, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Stands in for the summary of the service, once something has fired."""
    scripted = Scripted()
    monkeypatch.setattr(it.service, "alert_summary", scripted)
    fire(it)
    return scripted


def fire(it: AlertsWindow) -> None:
    it.add(ABOVE, name="Up")
    it.service.alerts.check_now()
    it.wait(it.page.history.summary.ask.isVisible)


def publish(it: AlertsWindow, *events: Event) -> None:
    """Have the service say these things, and the window hear them."""
    for event in events:
        it.service.bus.publish(event)
    it.settled()


def test_the_button_is_there_once_something_has_fired(it: AlertsWindow) -> None:
    it.add({**ABOVE, "level": "90000000"})
    it.wait(it.page.history.isVisible)
    assert not it.page.history.summary.ask.isVisible()
    fire(it)
    assert not it.page.history.summary.isVisible()


def test_without_a_model_code_lists_what_fired(it: AlertsWindow) -> None:
    fire(it)
    press(it.page.history, ASK)
    summary = it.page.history.summary
    it.wait(lambda: "No model is loaded, so this is Assay's own list." in words(summary))
    (firing,) = it.service.alerts.history()
    assert f"- Up: {firing.text}" in summary.text.text()
    assert nameless(it.window) == []
    press(summary, "Close the summary")
    assert not summary.isVisible()


def test_words_stream_and_say_whose_they_are(it: AlertsWindow, scripted: Scripted) -> None:
    press(it.page.history, ASK)
    summary = it.page.history.summary
    assert "Summing up what fired…" in words(summary)
    publish(it, ThinkDelta(-1, "Hm."))
    assert "Thinking…" in words(summary)
    publish(it, TextDelta(-1, "BTC was "), TextDelta(7, "of a chat"), TextDelta(-9, "of another"))
    assert summary.text.text() == "BTC was "
    publish(it, TextReplaced(-1, ""))
    assert "Checking the figures…" in words(summary)
    publish(it, TextDelta(-1, "BTC was high."))
    publish(it, TurnFinished(-1, "complete", "Take care.", AnswerFigures(model="Qwen3 4B")))
    assert summary.text.text() == "BTC was high."
    assert "In the words of Qwen3 4B; the figures are checked. Take care." in words(summary)
    press(it.page.history, ASK)
    assert (scripted.started, scripted.stopped) == (2, 0)
    publish(it, TextDelta(-1, "Late words of the first."))
    assert summary.text.text() == ""
    publish(it, StatusChanged(-2, "Waiting for gpu…"))
    assert "Waiting for gpu…" in words(summary)


def test_the_same_button_stops_it(it: AlertsWindow, scripted: Scripted) -> None:
    press(it.page.history, ASK)
    publish(it, TextDelta(-1, "BTC was "))
    press(it.page.history, "Stop")
    assert (scripted.started, scripted.stopped) == (1, 1)
    publish(it, TurnFinished(-1, "stopped", ""))
    summary = it.page.history.summary
    assert (summary.text.text(), "Stopped." in words(summary)) == ("BTC was ", True)
    assert summary.ask.accessibleName() == ASK


def test_a_failure_is_said(it: AlertsWindow, scripted: Scripted) -> None:
    press(it.page.history, ASK)
    publish(it, TurnFinished(-1, "failed", "The disk is full. Free some space."))
    assert "The disk is full." in words(it.page.history.summary)
    assert scripted.stopped == 0
