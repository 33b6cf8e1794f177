"""The window on a real service and a real model in its child process: stop it, kill it, go on."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import App
from engine.core.events import Event, TextDelta
from engine.core.paths import Paths
from engine.service import Service
from tests.desktop.test_chat import ask, finished, rows, words

STOP_SECONDS = 0.1
QUESTION = "What is my portfolio worth?"

StartApp = Callable[..., App]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[StartApp]:
    """Starts the app with a model file ("" is the starter) and waits until it is loaded."""
    apps: list[App] = []

    def start_(model: str = "") -> App:
        paths = Paths(tmp_path / "data")
        service = Service.open(paths, background=False)
        service.portfolio.load_demo()
        service.settings.set("model", model)
        service.close()
        app = App(paths)
        qtbot.addWidget(app.window)
        apps.append(app)
        app.start()
        qtbot.waitUntil(lambda: app.window.session is not None)
        return app

    yield start_
    for app in apps:
        app.window.close()
        app.close()


class Signaller:
    """Sends the model's process a signal as soon as it has said something."""

    def __init__(self, app: App) -> None:
        assert app.window.session is not None
        service = app.window.session._service
        client = service.models.client(threading.Event())
        assert client is not None
        self._client = client
        self._number: signal.Signals | None = None
        service.bus.subscribe(self._on_event)

    def at_the_first_words(self, number: signal.Signals) -> None:
        """Do so with the next answer."""
        self._number = number

    def send(self, number: signal.Signals) -> None:
        """Send a signal now."""
        assert self._client._link is not None
        os.kill(self._client._link.pid, number)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TextDelta) and self._number is not None:
            self.send(self._number)
            self._number = None


def test_the_stop_button_ends_an_answer_at_once(qtbot: QtBot, start: StartApp) -> None:
    app = start()
    model, window = Signaller(app), app.window
    composer = window.chat_page.composer
    seconds = []
    for number in range(5):
        # Held, so that the answer cannot end by itself before the click.
        model.at_the_first_words(signal.SIGSTOP)
        ask(window, QUESTION)
        qtbot.waitUntil(
            lambda n=number: len(rows(window)) > n and bool(rows(window)[-1].text.toPlainText())
        )
        row = rows(window)[-1]
        assert row.answer.streaming
        begun = time.monotonic()
        qtbot.mouseClick(composer.action, Qt.MouseButton.LeftButton)
        model.send(signal.SIGCONT)
        qtbot.waitUntil(lambda: composer.action.accessibleName() == "Send")
        seconds.append(time.monotonic() - begun)
        assert row.answer.status == "stopped"
        assert row.answer.text
        qtbot.waitUntil(lambda row=row: "Stopped." in words(row))
    # A machine with more to do than cores lets everybody wait that much longer.
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert min(seconds) <= STOP_SECONDS * crowd


def test_a_killed_model_keeps_the_text_and_the_next_question_works(
    qtbot: QtBot, start: StartApp
) -> None:
    app = start()
    window = app.window
    Signaller(app).at_the_first_words(signal.SIGKILL)
    ask(window, QUESTION)
    qtbot.waitUntil(lambda: finished(window))
    first = rows(window)[0]
    assert first.answer.status == "failed"
    text = first.text.toPlainText()
    assert text
    notice = first.answer.notice
    assert notice.startswith("The system ended the model")
    qtbot.waitUntil(lambda: words(first).count(notice) == 1)
    assert not window.model_banner.isVisible()
    ask(window, QUESTION)
    qtbot.waitUntil(lambda: len(rows(window)) == 2 and finished(window))
    assert rows(window)[1].answer.status == "complete"
    assert rows(window)[1].text.toPlainText()
    assert first.text.toPlainText() == text


def test_a_model_that_cannot_be_loaded_is_told_of_with_what_to_do(
    qtbot: QtBot, start: StartApp, tmp_path: Path
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(200))
    window = start(str(path)).window
    qtbot.waitUntil(window.model_banner.isVisible)
    text = window.model_banner.text()
    assert "broken" in text
    assert text.endswith("Until then answers are worked out without a model.")
    ask(window, QUESTION)
    qtbot.waitUntil(lambda: finished(window))
    assert rows(window)[0].answer.status == "complete"
    assert "$" in rows(window)[0].text.toPlainText()


def test_the_starter_answers_with_text_over_its_results(qtbot: QtBot, start: StartApp) -> None:
    window = start().window
    ask(window, QUESTION)
    qtbot.waitUntil(lambda: finished(window) and rows(window)[0].shows_cards())
    row = rows(window)[0]
    assert "$" in row.text.toPlainText()
    assert "Simulated" in words(row)
