"""Who words an answer, what a model on another computer is told, and what it never is."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engine.assistant.cancel import Cancel
from engine.assistant.knowledge import Knowledge
from engine.assistant.prompting import Exchange
from engine.assistant.turn import Assistant, Outcome
from engine.assistant.voices import Remote, bare_messages, is_private
from engine.core.errors import KnownError
from engine.core.events import Event, StatusChanged, TextDelta
from engine.model.chat_types import ChatRequest
from engine.model.generation import Stats
from engine.model.loading import ModelInfo
from engine.model.parsing import Part, TextPart
from engine.model.templates import PromptMessage
from tests.engine.assistant.opinions import FakeModel, Loaded, opinion
from tests.engine.assistant.test_turn import WHAT_IF, world

ANSWER = "You would have $58,000.00, a change of -$12,000.00."


class Said(Iterator[Part]):
    """The parts of an answer that is there already."""

    def __init__(self, text: str) -> None:
        self._parts = iter([TextPart(text)])
        self.stats: Stats | None = Stats(50, 0, 9, 0.1, 0.3, "stop")
        self.logprobs: tuple[()] = ()

    def __next__(self) -> Part:
        return next(self._parts)

    def cancel(self) -> None:
        self._parts = iter([])


class Elsewhere:
    """A model on another computer that keeps what it is told."""

    def __init__(self, *answers: str | KnownError) -> None:
        self.loaded = ModelInfo("big", "", Path(), 32_768, "", 0, "")
        self.answers = list(answers)
        self.asked: list[ChatRequest] = []

    def chat(self, request: ChatRequest, on_progress: object = None) -> Said:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, KnownError):
            raise answer
        return Said(answer)

    def tokens(self, request: ChatRequest) -> int:
        return 0


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Asks with a model elsewhere and a router that is sure."""

    def ask_(
        model: Elsewhere, may_know: bool, question: str = WHAT_IF, kind: str = "what_if"
    ) -> Outcome:
        monkeypatch.setattr("engine.assistant.turn.default_router", lambda: opinion(**{kind: 0.98}))
        events: list[Event] = []
        remote = Remote("gpu", model, may_know)
        assistant = Assistant(None, world, events.append, remote=remote)
        history: Sequence[Exchange] = [Exchange("what do i own", None, "You own 1 BTC.")]
        return assistant.answer(1, 7, question, history, Cancel())

    return ask_


def test_one_that_may_know_words_the_result(ask: Callable[..., Outcome]) -> None:
    model = Elsewhere(ANSWER)
    outcome = ask(model, may_know=True)
    assert outcome.text == ANSWER
    assert outcome.figures is not None
    assert outcome.figures.model == "big on gpu"
    told = "\n".join(message.text for message in model.asked[0].messages)
    assert "58,000.00" in told
    assert "You own 1 BTC." in told
    assert is_private(model.asked[0])


def test_its_numbers_are_checked_like_all_others(ask: Callable[..., Outcome]) -> None:
    outcome = ask(Elsewhere("You would have $59,000.00.", "It is $61.00."), may_know=True)
    assert "59" not in outcome.text
    assert "61.00" not in outcome.text
    assert "$58,000.00" in outcome.text


def test_one_that_may_not_know_is_told_nothing(ask: Callable[..., Outcome]) -> None:
    model = Elsewhere()
    outcome = ask(model, may_know=False)
    assert not model.asked
    assert "$58,000.00" in outcome.text
    assert "gpu may not see your portfolio" in outcome.notice
    assert "`assay endpoints allow gpu`" in outcome.notice


def test_the_glossary_is_no_secret(ask: Callable[..., Outcome]) -> None:
    text = "Impermanent loss is what a pool costs its providers."
    model = Elsewhere(text)
    question = "what is impermanent loss"
    outcome = ask(model, may_know=False, question=question, kind="explain_term")
    assert (outcome.text, outcome.notice) == (text, "")
    (request,) = model.asked
    assert not is_private(request)
    system, asked = request.messages
    assert "Impermanent loss: " in system.text
    assert "BTC" not in system.text
    assert asked.text == question


def test_words_that_are_not_kept_are_said_to_be(ask: Callable[..., Outcome]) -> None:
    model = Elsewhere("You have 12 apples here.", "You have 34 pears there.")
    outcome = ask(model, may_know=False, question="hello you", kind="chat")
    assert "apples" not in outcome.text
    assert "What gpu wrote was not kept" in outcome.notice


def test_it_is_said_whom_an_answer_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.assistant.turn.default_router", lambda: opinion(chat=0.98))
    events: list[Event] = []
    remote = Remote("gpu", Elsewhere("Hello there."), may_know=False)
    Assistant(None, world, events.append, remote=remote).answer(1, 7, "hello you", (), Cancel())
    waiting = events.index(StatusChanged(7, "Waiting for gpu…"))
    assert any(isinstance(event, TextDelta) for event in events[waiting:])


def test_in_talk_it_hears_the_question_alone(ask: Callable[..., Outcome]) -> None:
    model = Elsewhere("Hello there.")
    outcome = ask(model, may_know=False, question="hello you", kind="chat")
    assert outcome.text == "Hello there."
    (request,) = model.asked
    assert not is_private(request)
    assert [message.role for message in request.messages] == ["system", "user"]
    assert "BTC" not in request.messages[0].text


def test_a_server_that_fails_costs_the_words_only(ask: Callable[..., Outcome]) -> None:
    outcome = ask(Elsewhere(KnownError("gpu is gone.", "Look.")), may_know=True)
    assert outcome.status == "complete"
    assert "$58,000.00" in outcome.text
    assert "gpu is gone." in outcome.notice


def test_what_is_private() -> None:
    bare = bare_messages("what is staking")
    assert not is_private(ChatRequest(tuple(bare)))
    assert is_private(ChatRequest((PromptMessage("system", "Coins: BTC."), bare[1])))
    assert is_private(ChatRequest((*bare, PromptMessage("tool", "1"))))
    assert is_private(ChatRequest((bare[0], PromptMessage("tool", "1 BTC"))))
    assert is_private(ChatRequest(()))
    entry = Knowledge().entries[0]
    assert not is_private(ChatRequest(tuple(bare_messages("what is it", entry.quote))))
    more = entry.quote + "\nYou own 1 BTC."
    assert is_private(ChatRequest(tuple(bare_messages("what is it", more))))


def test_where_there_is_no_room_the_figures_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt does not fit even without earlier turns: no words, but all figures."""

    class Narrow(FakeModel):
        def count(self, text: str) -> int:
            return 100_000

    monkeypatch.setattr("engine.assistant.turn.default_router", lambda: opinion(what_if=0.98))
    model = Narrow(prefers={"what_if": -0.01})
    model.loaded = Loaded(n_ctx=256)
    events: list[Event] = []
    assistant = Assistant(model.client, world, events.append)
    outcome = assistant.answer(1, 7, WHAT_IF, (), Cancel())
    assert outcome.status == "complete"
    assert "$58,000.00" in outcome.text
    assert "room for" in outcome.notice
