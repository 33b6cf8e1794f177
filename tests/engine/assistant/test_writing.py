"""What the user sees while an answer is written: never a numeral that nothing supports."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assistant.cancel import Cancel, Stopped
from engine.assistant.tools.base import Figure, ToolResult
from engine.assistant.voices import LocalVoice
from engine.assistant.writing import Evidence, Writer, settled
from engine.core.errors import Cancelled
from engine.core.events import Event, TextDelta, TextReplaced, ThinkDelta
from engine.model.chat import ChatRequest, LocalChat
from engine.model.generation import Stats
from engine.model.templates import QWEN3_THINKING, STARTER, PromptMessage
from tests.engine.assistant.opinions import FakeModel

RESULT = ToolResult("", (), (Figure("value", Decimal("58000"), "$58,000.00"),))
SAID = (Figure("change_percent", Decimal(30), "30 %"),)
ASKED = ChatRequest((PromptMessage("user", "what would i have"),), thinking=True)
EVIDENCE = Evidence("what would i have", RESULT, SAID, ("BTC",))


class Screen:
    """Runs a writer over scripted answers and keeps everything that was ever visible."""

    def __init__(self, *answers: Sequence[str], template_id: str = STARTER) -> None:
        self.events: list[Event] = []
        self.states = [""]
        self.cancel = Cancel()
        self.model = FakeModel(*answers, template_id=template_id)
        self.writer = Writer(self._publish, 1, self.cancel)

    def _publish(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, TextDelta):
            self.states.append(self.states[-1] + event.text)
        if isinstance(event, TextReplaced):
            self.states.append(event.text)

    def run(self, plain: str = "It is $58,000.00.") -> str:
        self.writer.write(LocalVoice(LocalChat(self.model.client), ASKED), EVIDENCE, lambda: plain)
        return self.writer.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("You would", "You "),
        ("You would ", "You would "),
        ("You would have $58,0", "You would have "),
        ("You would have $58,000.00 after that", "You would have "),
        ("You would have $58,000.00 after that fall", "You would have $58,000.00 after that "),
        ("A fall of thirty ", "A fall of "),
        ("A fall of thirty percent is ", "A fall of "),
        ("A fall of - ", "A fall of "),
        ("价值 58000", "价值 "),
        ("价值58000美元", "价值"),
        ("价值58000美元左右", "价值58000美元左右"),
        ("a risk-free coin", "a risk"),
        ("a risk-free coin of", "a risk-free coin "),
        ("someone often says so", "someone often says "),
        ("", ""),
        ("   ", "   "),
    ],
)
def test_words_flow_and_numerals_wait(text: str, shown: str) -> None:
    assert text[: settled(text)] == shown


@given(st.text(alphabet="ab 12.,$%-\n", max_size=40), st.text(alphabet="ab 12", max_size=10))
def test_what_is_settled_stays_settled(text: str, more: str) -> None:
    assert settled(text) <= settled(text + more)


def test_an_invented_number_is_never_on_the_screen() -> None:
    lie = ["You would have ", "$59,", "000", ".00", " after that", " big fall,", " sorry."]
    screen = Screen(lie, lie)
    assert screen.run() == "It is $58,000.00."
    assert not any("59" in state for state in screen.states)
    assert all(generation.cancelled.is_set() for generation in screen.model.generated)


def test_an_invented_number_at_the_very_end_is_never_on_the_screen() -> None:
    screen = Screen(["You would have $59,000."], ["That is $58,000."])
    assert screen.run() == "That is $58,000."
    assert not any("59" in state for state in screen.states)
    assert screen.states[-1] == "That is $58,000."


def test_a_percentage_in_words_is_never_on_the_screen() -> None:
    screen = Screen(["It falls by forty", " percent, which", " is quite a lot."], ["No idea."])
    assert screen.run() == "No idea."
    assert not any("forty" in state for state in screen.states)


def test_two_wrong_attempts_end_in_the_plain_text() -> None:
    screen = Screen(["7 it is."], ["8 it is."])
    assert screen.run(plain="Plain.") == "Plain."
    assert [request.temperature > 0 for request in screen.model.requests] == [False, True]


def test_a_model_that_is_stuck_is_stopped() -> None:
    screen = Screen(["!" * 15] * 40, ["go on "] * 40)
    assert screen.run(plain="Plain.") == "Plain."
    assert all(len(state) < 200 for state in screen.states)


def test_an_empty_answer_is_replaced() -> None:
    assert Screen(["  "], [""]).run(plain="Plain.") == "Plain."


def test_an_answer_that_was_cut_ends_with_its_last_sentence() -> None:
    class Long(FakeModel):
        def generate(self, request, on_progress=None):  # type: ignore[no-untyped-def]  # as the base does
            generated = super().generate(request, on_progress)
            generated.stats = Stats(1, 0, 600, 0.1, 1.0, "length")
            return generated

    screen = Screen()
    screen.model = Long(["It is $58,000.00 now. That is a good", " deal more than you"])
    assert screen.run() == screen.states[-1] == "It is $58,000.00 now."


def test_thoughts_are_shown_apart() -> None:
    screen = Screen(["maybe 99?", "</think>", "You own that."], template_id=QWEN3_THINKING)
    assert screen.run() == "You own that."
    assert "".join(e.text for e in screen.events if isinstance(e, ThinkDelta)) == "maybe 99?"


def test_a_stop_keeps_what_was_shown() -> None:
    screen = Screen()
    screen.model.answers = [["It is", screen.cancel.set, " never"]]
    with pytest.raises(Stopped):
        screen.run()
    assert screen.writer.text == screen.states[-1] == "It"


def test_words_of_code_take_the_place_of_words_that_broke_off() -> None:
    """Whoever adds up the pieces, as a pipe does, has only what is valid in the end."""
    screen = Screen()
    screen.writer.say("Half an ans")
    screen.writer.say("It is $58,000.00.")
    assert screen.states == ["", "Half an ans", "It is $58,000.00."]
    assert screen.writer.text == "It is $58,000.00."


def test_an_answer_that_another_model_cut_off_is_no_whole_one() -> None:
    class CutOff(FakeModel):
        def generate(self, request, on_progress=None):  # type: ignore[no-untyped-def]  # as the base does
            generated = super().generate(request, on_progress)
            generated.stats = Stats(1, 0, 6, 0.1, 1.0, "cancelled")
            return generated

    screen = Screen()
    screen.model = CutOff(["It is $58,000.00 now and"])
    with pytest.raises(Cancelled):
        screen.run()
    assert screen.writer.text == "It is"
