"""Figures under an answer, the context meter, and thinking with its time."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.chat.footer import Footer
from desktop.chat.meter import ContextMeter, context_line, figures_hint, figures_line, seconds_text
from desktop.chat.thinking import Thinking
from desktop.window import MainWindow
from engine.core.answer_figures import AnswerFigures
from engine.core.events import ThinkDelta
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import ends, says
from tests.desktop.test_chat import ask, finished, rows, words

FIGURES = AnswerFigures(
    "Qwen3 4B",
    tokens=340,
    seconds=27.6,
    prompt_tokens=1_970,
    cached_tokens=1_500,
    thinking_seconds=8.2,
    context_tokens=4_096,
    context_used=2_310,
    dropped_turns=2,
    drafted=1_240,
    accepted=96,
)


def test_figures_in_words() -> None:
    assert figures_line(FIGURES) == "12.3 tokens/s · 340 tokens · thought 8 s"
    assert figures_line(AnswerFigures(tokens=1)) == "1 token"
    assert figures_hint(FIGURES).splitlines() == [
        "Qwen3 4B",
        "1,970 tokens read, 1,500 of them still in memory",
        "340 tokens written in 28 s",
        "96 of 1,240 guessed tokens were right",
    ]
    assert not any("guessed" in one for one in figures_hint(AnswerFigures(tokens=1)).splitlines())
    assert context_line(FIGURES) == "2,310 of 4,096 tokens; 2 older questions were left out"
    one = AnswerFigures(context_tokens=10, context_used=5, dropped_turns=1)
    assert context_line(one) == "5 of 10 tokens; 1 older question was left out"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (8.2, "8 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_an_answer_shows_its_figures_and_what_was_left_out(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    service.chat.script = lambda _: [*says("Hello."), *ends("complete", "", FIGURES)]
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    left_out = "The model did not read everything: 2 older questions were left out."
    expected = {figures_line(FIGURES), left_out, "context 56 %"}
    qtbot.waitUntil(lambda: expected <= set(words(row)))
    (meter,) = row.findChildren(ContextMeter)
    assert meter.accessibleName() == f"Context: {context_line(FIGURES)}"
    assert context_line(FIGURES) in meter.toolTip()
    window.resize(window.minimumSize())
    qtbot.wait(30)
    footer = row.findChildren(Footer)[0]
    # Nothing is left out silently, in the narrowest window either.
    dropped = footer.dropped
    assert dropped.width() >= dropped.fontMetrics().horizontalAdvance(dropped.text())
    stored = next(iter(service.chat.stored.values()))[-1]
    assert stored.figures == FIGURES


def test_an_answer_without_a_model_shows_none(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    (row,) = rows(window)
    assert row.findChildren(ContextMeter) == []
    assert not any("token" in text or "older" in text for text in words(row))


def test_old_answers_show_their_figures(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    service.chat.script = lambda _: [
        lambda m: ThinkDelta(m, "Hm."),
        *says("Hello."),
        *ends("complete", "", FIGURES),
    ]
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    session = window.session
    assert session is not None
    chat = session.chat.chat_id
    assert chat is not None
    session.chat._answers.clear()  # as after a new start
    session.new_chat()
    session.open_chat(chat)
    qtbot.waitUntil(lambda: bool(rows(window)) and finished(window))
    row = rows(window)[0]
    qtbot.waitUntil(lambda: figures_line(FIGURES) in words(row))
    assert row.thinking.toggle.accessibleName() == "Thought for 8 s"


def test_thinking_counts_and_then_says_how_long_it_took(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("desktop.chat.thinking.time.monotonic", lambda: now[0])
    thinking = Thinking()
    qtbot.addWidget(thinking)
    assert thinking.isHidden()
    thinking.append("The user ")
    assert thinking.toggle.accessibleName() == "Thinking…"
    now[0] = 103.2
    thinking.append("asks.")
    assert thinking.toggle.accessibleName() == "Thinking… 3 s"
    now[0] = 104.0
    thinking.finish()
    now[0] = 110.0
    thinking.finish()
    assert thinking.toggle.accessibleName() == "Thought for 4 s"
    # A second attempt adds to it, and what was measured counts.
    thinking.append(" Again.")
    now[0] = 112.0
    thinking.finish()
    assert thinking.toggle.accessibleName() == "Thought for 6 s"
    thinking.finish(5.5)
    assert thinking.toggle.accessibleName() == "Thought for 6 s"
    thinking.finish(8.2)
    assert thinking.toggle.accessibleName() == "Thought for 8 s"
    assert thinking.text() == "The user asks. Again."


def test_thinking_unfolds_by_keyboard(qtbot: QtBot) -> None:
    thinking = Thinking()
    qtbot.addWidget(thinking)
    thinking.show_old("What I thought.")
    thinking.show()
    assert thinking.toggle.accessibleName() == "Thoughts"
    assert not thinking._text.isVisible()
    assert thinking.toggle.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(thinking.toggle, Qt.Key.Key_Space)
    assert thinking._text.isVisible()
    qtbot.keyClick(thinking.toggle, Qt.Key.Key_Space)
    assert not thinking._text.isVisible()
