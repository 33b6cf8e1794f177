"""What the model did for an answer, and how presets change what it is asked."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from engine.assistant.cancel import Cancel, Stopped
from engine.assistant.manner import manner_of
from engine.assistant.prompting import Exchange
from engine.assistant.tools.base import Figure, ToolResult
from engine.assistant.turn import Assistant
from engine.assistant.voices import LocalVoice
from engine.assistant.writing import Evidence, Writer
from engine.core.answer_figures import AnswerFigures
from engine.core.events import Event
from engine.core.presets import BALANCED, CREATIVE, PRECISE, THINKING, Preset
from engine.model.chat import ChatRequest, LocalChat
from engine.model.generation import GenerateRequest, Stats
from engine.model.templates import QWEN3, QWEN3_THINKING, PromptMessage
from tests.engine.assistant.opinions import FakeModel, Generated, Part
from tests.engine.assistant.world import world

ASKED = ChatRequest((PromptMessage("user", "?"),), thinking=True)
REPORT = ToolResult("", (), (Figure("value", Decimal("58000"), "$58,000.00"),))


class Counted(FakeModel):
    """Gives every answer the same figures at its end."""

    def generate(self, request: GenerateRequest, on_progress: object = None) -> Generated:
        generated = super().generate(request, on_progress)
        generated.stats = Stats(100, 60, 20, 0.5, 4.0, "stop", drafted=12, accepted=7)
        return generated


def write(model: FakeModel, result: ToolResult | None = None, preset: Preset = PRECISE) -> Writer:
    """A writer after it has written."""
    writer = Writer(lambda event: None, 7, Cancel())
    voice = LocalVoice(LocalChat(model.client), ASKED)
    writer.write(voice, Evidence("?", result, (), ()), lambda: "Plain.", manner_of(preset))
    return writer


def test_an_answer_has_the_figures_of_the_attempt_that_is_shown() -> None:
    assert write(Counted("Hello there.")).figures == AnswerFigures(
        model="Fake",
        tokens=20,
        seconds=4.0,
        prompt_tokens=100,
        cached_tokens=60,
        context_tokens=4_096,
        context_used=120,
        drafted=12,
        accepted=7,
    )


def test_words_that_code_wrote_have_none() -> None:
    writer = write(Counted("It is 99.", "It is 98."), REPORT)
    assert (writer.text, writer.figures) == ("Plain.", None)


def test_a_stopped_answer_has_figures_too() -> None:
    cancel = Cancel()
    writer = Writer(lambda event: None, 7, cancel)
    model = Counted()
    parts: Sequence[Part] = ["It is", cancel.set, " never"]
    model.answers = [list(parts)]
    voice = LocalVoice(LocalChat(model.client), ASKED)
    with pytest.raises(Stopped):
        writer.write(voice, Evidence("?", None, (), ()), lambda: "Plain.")
    assert writer.figures is not None
    assert writer.figures.tokens == 20


def test_thinking_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 18.5])
    monkeypatch.setattr("engine.assistant.writing.time.monotonic", lambda: next(moments))
    model = Counted(["maybe", " so", "</think>", "You own ", "that."], template_id=QWEN3_THINKING)
    figures = write(model).figures
    assert figures is not None
    assert figures.thinking_seconds == 8.5


@pytest.mark.parametrize(
    ("preset", "talk", "figures"),
    [(PRECISE, 0.0, 0.0), (BALANCED, 0.7, 0.0), (CREATIVE, 1.0, 0.0), (THINKING, 0.6, 0.6)],
)
def test_a_preset_draws_freely_in_talk_only(preset: Preset, talk: float, figures: float) -> None:
    model = Counted("Hello.", "It is $58,000.00.")
    write(model, None, preset)
    write(model, REPORT, preset)
    assert [request.temperature for request in model.requests] == [talk, figures]
    for request in model.requests:
        assert (request.top_k, request.top_p) == (preset.top_k, preset.top_p)
        assert request.max_tokens == 600 + preset.thought_tokens


@pytest.mark.parametrize("preset", [PRECISE, THINKING])
def test_thinking_is_asked_for_and_turns_that_were_left_out_are_counted(preset: Preset) -> None:
    model = Counted("Hello.", template_id=QWEN3)
    events: list[Event] = []
    assistant = Assistant(model.client, world, events.append, preset)
    history = [Exchange(f"hello {n}", None, "Hello.") for n in range(9)]
    outcome = assistant.answer(1, 2, "hello", history, Cancel())
    (request,) = [one for one in model.requests if one.grammar is None]
    # Qwen3 is kept from thinking by an empty thought.
    assert request.prompt.endswith("</think>\n\n") == (not preset.thinking)
    assert outcome.figures is not None
    assert outcome.figures.dropped_turns == 3
