"""Asking anew, changing questions, branches, manners and search through the real chat area."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from engine.assistant.manner import manner_of
from engine.core.answer_figures import AnswerFigures
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import TextDelta, TurnFinished, TurnStarted
from engine.core.paths import Paths
from engine.core.presets import CREATIVE, PRECISE, PRESETS, anew, preset_of
from engine.service.chat import HISTORY, ChatArea
from engine.store.chats import ChatRepo
from engine.store.database import Database
from tests.engine.service.scripted import (
    CHOICES,
    Listener,
    Scripted,
    chat_area,
    offer_choices,
)

Ask = Callable[[str], int]


def count_answers(self: Scripted, question: str) -> Iterable[str]:
    return (f"Answer {len(self.asked)} to {question}",)


def until_stopped(self: Scripted, question: str) -> Iterable[str]:
    while not self.cancel.is_set():
        yield "word "
        self.cancel.wait(0.001)


@pytest.fixture
def repo(paths: Paths, clock: FixedClock) -> Iterator[ChatRepo]:
    paths.ensure()
    database = Database.open(paths.database, bytes(32), clock)
    yield ChatRepo(database)
    database.close()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def scripted() -> Scripted:
    return Scripted(count_answers)


@pytest.fixture
def chat(repo: ChatRepo, scripted: Scripted, listener: Listener) -> Iterator[ChatArea]:
    area = chat_area(repo, scripted, listener)
    yield area
    area.close()


@pytest.fixture
def ask(chat: ChatArea, listener: Listener) -> Ask:
    """Asks in chat 1 and waits for the answer, whose id it returns."""

    def ask_(text: str) -> int:
        _, message_id = chat.ask(1 if chat.list() else None, text)
        listener.wait(TurnFinished, message_id)
        return message_id

    return ask_


def texts(chat: ChatArea) -> list[str]:
    return [message.text for message in chat.messages(1)]


def test_a_regenerated_answer_stands_beside_the_old_one(
    chat: ChatArea, scripted: Scripted, listener: Listener, ask: Ask
) -> None:
    first = ask("A?")
    ask("B?")
    chat_id, again = chat.regenerate(first)
    listener.wait(TurnFinished, again)
    assert chat_id == 1
    assert texts(chat) == ["A?", "Answer 3 to A?"]
    assert chat.siblings(first) == chat.siblings(again) == (first, again)
    # It knows nothing of what came after the first one, and is to find other words.
    assert scripted.asked[-1] == ("A?", None, [])
    assert scripted.turns[-1].preset == anew(PRECISE)
    assert scripted.turns[0].preset == PRECISE
    assert chat.choose_branch(first) == 1
    assert texts(chat) == ["A?", "Answer 1 to A?", "B?", "Answer 2 to B?"]


def test_a_changed_question_has_an_answer_of_its_own(
    chat: ChatArea, scripted: Scripted, listener: Listener, ask: Ask
) -> None:
    ask("A?")
    ask("B?")
    second = chat.messages(1)[2]
    _, answer = chat.edit(second.id, "  C? ")
    started = listener.wait(TurnStarted, answer)
    listener.wait(TurnFinished, answer)
    assert texts(chat) == ["A?", "Answer 1 to A?", "C?", "Answer 3 to C?"]
    assert started.question_id == chat.messages(1)[2].id
    assert chat.siblings(second.id) == (second.id, started.question_id)
    assert [e.question for e in scripted.asked[-1][2]] == ["A?"]
    chat.choose_branch(second.id)
    assert texts(chat)[2:] == ["B?", "Answer 2 to B?"]


def test_a_chosen_meaning_is_chosen_again(
    chat: ChatArea, scripted: Scripted, listener: Listener
) -> None:
    scripted.script = offer_choices
    _, message_id = chat.ask(None, "btc?")
    listener.wait(TurnFinished, message_id)
    scripted.script = count_answers
    _, answer = chat.choose(message_id, CHOICES[0].key)
    listener.wait(TurnFinished, answer)
    _, again = chat.regenerate(answer)
    listener.wait(TurnFinished, again)
    assert scripted.asked[2][:2] == ("The price of BTC", scripted.asked[1][1])


def test_what_cannot_be_asked_anew_or_changed_says_so(
    chat: ChatArea, scripted: Scripted, listener: Listener, ask: Ask
) -> None:
    answer = ask("A?")
    question = chat.messages(1)[0].id
    with pytest.raises(KnownError, match="Only answers"):
        chat.regenerate(question)
    with pytest.raises(KnownError, match="Only questions"):
        chat.edit(answer, "B?")
    with pytest.raises(KnownError, match="no question"):
        chat.edit(question, "  ")
    scripted.script = until_stopped
    _, running = chat.ask(1, "Long?")
    listener.wait(TextDelta, running)
    for act in (lambda: chat.regenerate(answer), lambda: chat.edit(question, "B?")):
        with pytest.raises(KnownError, match="being written"):
            act()
    assert len(chat._repo.tree(1)) == 4
    with pytest.raises(KnownError, match="not there"):
        chat.regenerate(999)


def test_a_branch_is_a_new_chat_that_goes_on_by_itself(
    chat: ChatArea, scripted: Scripted, listener: Listener, ask: Ask
) -> None:
    first = ask("A?")
    ask("B?")
    chat.set_preset(1, "creative")
    copied = chat.branch(first)
    _, answer = chat.ask(copied, "C?")
    listener.wait(TurnFinished, answer)
    assert [m.text for m in chat.messages(copied)] == [
        "A?", "Answer 1 to A?", "C?", "Answer 3 to C?",
    ]  # fmt: skip
    assert [e.question for e in scripted.asked[-1][2]] == ["A?"]
    assert scripted.turns[-1].preset == CREATIVE
    assert texts(chat)[2:] == ["B?", "Answer 2 to B?"]
    assert chat.get(copied).title == "A? (branch)"


def test_a_chat_has_its_model_and_preset(
    chat: ChatArea, scripted: Scripted, listener: Listener
) -> None:
    chat_id = chat.new("3", "thinking")
    _, answer = chat.ask(chat_id, "A?")
    listener.wait(TurnFinished, answer)
    turn = scripted.turns[-1]
    assert (turn.model, turn.preset) == ("3", preset_of("thinking"))
    assert chat.get(chat_id).title == "A?"
    chat.set_model(chat_id, "")
    chat.set_preset(chat_id, "precise")
    _, answer = chat.ask(chat_id, "B?")
    listener.wait(TurnFinished, answer)
    assert (scripted.turns[-1].model, scripted.turns[-1].preset) == ("", PRECISE)
    with pytest.raises(KnownError, match="no preset wild"):
        chat.set_preset(chat_id, "wild")


def test_presets_are_sensible() -> None:
    assert len({preset.id for preset in PRESETS}) == len(PRESETS)
    assert preset_of("of a newer version") == PRECISE
    # Figures stay as they are, but for a thinking model, which would repeat itself for ever.
    assert [p.id for p in PRESETS if p.figures_temperature > 0] == ["thinking"]
    assert [p.id for p in PRESETS if p.thinking] == ["thinking"]
    assert manner_of(anew(PRECISE)).figures.temperature > 0
    assert manner_of(anew(CREATIVE)).talk == manner_of(CREATIVE).talk


def test_figures_are_stored_and_told_and_older_turns_counted(
    chat: ChatArea, scripted: Scripted, listener: Listener, ask: Ask
) -> None:
    scripted.outcome = {"figures": AnswerFigures("Starter", tokens=34, seconds=2, dropped_turns=3)}
    for number in range(HISTORY + 2):
        last = ask(f"{number}?")
    finished = listener.wait(TurnFinished, last)
    assert finished.figures == chat.messages(1)[-1].figures
    # Of 13 earlier turns 12 were handed on, of which the assistant left out three.
    assert finished.figures == AnswerFigures("Starter", tokens=34, seconds=2, dropped_turns=4)
    assert chat.messages(1)[1].figures == AnswerFigures(
        "Starter", tokens=34, seconds=2, dropped_turns=3
    )


def test_search_takes_anything(chat: ChatArea, ask: Ask) -> None:
    answer = ask("How do I stake?")
    assert [hit.message_id for hit in chat.search("answer")] == [answer]
    assert chat.search("stake")[0].message_id == 0
    assert chat.search('\udcff " OR') == []
