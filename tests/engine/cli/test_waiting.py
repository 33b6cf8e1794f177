"""The line that says what an answer waits for: soon, on a terminal only, gone before the text."""

import io
import threading
from types import SimpleNamespace
from typing import cast

import pytest

from engine.cli.conversation import Streaming, View, Whole, converse
from engine.core.events import (
    EventBus,
    ModelStateChanged,
    StatusChanged,
    TextDelta,
    ThinkDelta,
    TurnFinished,
)
from engine.service import Service


class Terminal(io.StringIO):
    """Standard error where a person watches."""

    def isatty(self) -> bool:
        return True


class SlowService:
    """Answers when the terminal shows a text, or after ten seconds; late: how long that took."""

    def __init__(self, terminal: Terminal, awaited: str) -> None:
        self.bus = EventBus()
        self._terminal, self._awaited = terminal, awaited
        self.seen = False

    def ask(self) -> tuple[int, int]:
        threading.Thread(target=self._answer, daemon=True).start()
        return 3, 7

    def _answer(self) -> None:
        never = threading.Event()
        for _ in range(500):
            if self._awaited in self._terminal.getvalue():
                self.seen = True
                break
            never.wait(0.02)
        self.bus.publish(TextDelta(7, "It is 7."))
        self.bus.publish(TurnFinished(7, "complete", ""))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    # Not in sys itself, where pytest puts its own again.
    monkeypatch.setattr("engine.cli.waiting.sys", SimpleNamespace(stderr=terminal))
    monkeypatch.setenv("TERM", "xterm")
    return terminal


@pytest.mark.parametrize("view", [Streaming, Whole])
def test_a_slow_answer_shows_a_sign_of_life_which_is_gone_before_it(
    view: type[Streaming | Whole], terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    service = SlowService(terminal, "Reading the question…")
    converse(cast(Service, service), service.ask, view())
    assert service.seen
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert capsys.readouterr().out == "It is 7.\n"


@pytest.mark.parametrize("view", [Streaming, Whole])
def test_a_pipe_gets_no_sign_of_life(
    view: type[Streaming | Whole], capsys: pytest.CaptureFixture[str]
) -> None:
    shown: View = view()
    shown.show(StatusChanged(7, "Waiting for gpu…"))
    shown.tick()
    assert capsys.readouterr() == ("", "")


def test_it_says_what_is_being_done(terminal: Terminal) -> None:
    shown = Streaming()
    shown.show(ModelStateChanged("loading", "m", "Loading m: 34 %"))
    assert "Loading m: 34 %" in terminal.getvalue()
    shown.show(ModelStateChanged("ready", "m", ""))
    assert terminal.getvalue().endswith("Reading the question…\x1b[0m\x1b[K")
    shown.show(ThinkDelta(7, "Hm"))
    assert terminal.getvalue().endswith("Thinking…\x1b[0m\x1b[K")
    shown.show(StatusChanged(7, ""))
    assert terminal.getvalue().endswith("Writing…\x1b[0m\x1b[K")


def test_it_says_how_long_it_has_taken(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("engine.cli.waiting.time.monotonic", lambda: now[0])
    shown = Whole()
    shown.show(StatusChanged(7, "Waiting for gpu…"))
    now[0] = 112.0
    shown.tick()
    assert terminal.getvalue().endswith("Waiting for gpu… 12 s\x1b[0m\x1b[K")


def test_text_that_has_begun_is_not_written_over(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Streaming()
    shown.show(TextDelta(7, "It is"))
    before = terminal.getvalue()
    shown.show(StatusChanged(7, "Checking…"))
    shown.tick()
    assert terminal.getvalue() == before
    assert capsys.readouterr().out == "It is"
