"""Conversations through the real chat area and store, with a scripted assistant."""

import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

import pytest

from engine.assistant.cancel import Cancel
from engine.core.cards import Draft
from engine.core.clock import FixedClock
from engine.core.errors import Cancelled, KnownError
from engine.core.events import Event, TextDelta, TurnFinished, TurnStarted
from engine.core.paths import Paths
from engine.service.chat import ChatArea, shorten
from engine.store.chats import ChatRepo
from engine.store.database import Database
from tests.engine.service.scripted import (
    CHOICES,
    DRAFT,
    Listener,
    Script,
    Scripted,
    chat_area,
    offer_choices,
    offer_draft,
)

Start = Callable[..., tuple[ChatArea, Scripted]]


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
def start(repo: ChatRepo, listener: Listener) -> Iterator[Start]:
    """Makes the chat area over a script; it is closed at the end."""
    opened: list[ChatArea] = []

    def start_(
        script: Script, confirm: Callable[[Draft], int] = lambda draft: 1
    ) -> tuple[ChatArea, Scripted]:
        scripted = Scripted(script)
        opened.append(chat_area(repo, scripted, listener, confirm))
        return opened[-1], scripted

    yield start_
    for area in opened:
        area.close()


def say_hello(self: Scripted, question: str) -> Iterable[str]:
    return ("Hello ", "there.")


def until_stopped(self: Scripted, question: str) -> Iterable[str]:
    while not self.cancel.is_set():
        yield "word "
        self.cancel.wait(0.001)


def test_an_answer_streams_and_is_stored_before_its_end_is_announced(
    start: Start, repo: ChatRepo, listener: Listener
) -> None:
    chat, scripted = start(say_hello)
    scripted.outcome = {
        "calls": ({"name": "what_if", "arguments": {"asset": "BTC", "change": Decimal("-30.5")}},),
        "notice": "No advice.",
    }
    stored = []

    def look(event: Event) -> None:
        if isinstance(event, TurnFinished):
            stored.append(repo.messages(chat_id)[-1])

    chat_id, message_id = chat.ask(None, "  Hi?  ")
    listener.wait(TurnFinished, message_id)
    look(listener.events[-1])

    kinds = [type(e) for e in listener.events if getattr(e, "message_id", 0) == message_id]
    assert kinds == [TurnStarted, TextDelta, TextDelta, TurnFinished]
    question, answer = repo.messages(chat_id)
    assert (question.role, question.text) == ("user", "Hi?")
    assert (answer.text, answer.status, answer.notice) == ("Hello there.", "complete", "No advice.")
    assert answer.calls == '[{"name": "what_if", "arguments": {"asset": "BTC", "change": -30.5}}]'
    assert [chat.title for chat in chat.list()] == ["Hi?"]


def test_the_question_is_stored_before_it_is_answered(start: Start, repo: ChatRepo) -> None:
    chat, _ = start(until_stopped)

    chat_id, _ = chat.ask(None, "Hi?")

    roles = [(m.role, m.status) for m in repo.messages(chat_id)]
    assert roles[0] == ("user", "complete")
    assert roles[1][0] == "assistant"


@pytest.mark.alone
def test_stop_ends_the_answer_at_once_and_keeps_it(
    start: Start, repo: ChatRepo, listener: Listener
) -> None:
    chat, _ = start(until_stopped)
    chat_id, first = chat.ask(None, "Hi?")
    _, waiting = chat.ask(chat_id, "And now?")
    listener.wait(TextDelta, first)

    asked = time.monotonic()
    chat.stop()
    finished = listener.wait(TurnFinished, first)
    listener.wait(TurnFinished, waiting)

    assert finished.status == "stopped"
    assert time.monotonic() - asked < 1
    answers = [m for m in repo.messages(chat_id) if m.role == "assistant"]
    assert [m.status for m in answers] == ["stopped", "stopped"]
    assert answers[0].text.startswith("word ")


def test_earlier_turns_are_told_with_their_calls(start: Start, listener: Listener) -> None:
    chat, scripted = start(say_hello)
    scripted.outcome = {"calls": ({"name": "price", "arguments": {"asset": "BTC"}},)}
    chat_id, first = chat.ask(None, "Price of BTC?")
    listener.wait(TurnFinished, first)
    _, second = chat.ask(chat_id, "And ETH?")
    listener.wait(TurnFinished, second)

    history = scripted.asked[1][2]

    assert [(e.question, e.tool, e.answer) for e in history] == [
        ("Price of BTC?", "price", "Hello there.")
    ]


@pytest.mark.parametrize(
    ("index", "shown", "asked", "called"),
    [(0, "The price of BTC", "btc?", "price"), (1, "what is bitcoin", "what is bitcoin", None)],
)
def test_a_choice_is_answered_in_the_same_chat(
    start: Start,
    repo: ChatRepo,
    listener: Listener,
    index: int,
    shown: str,
    asked: str,
    called: str | None,
) -> None:
    chat, scripted = start(offer_choices)
    chat_id, message_id = chat.ask(None, "btc?")
    listener.wait(TurnFinished, message_id)
    scripted.script = say_hello

    again, answer_id = chat.choose(message_id, CHOICES[index].key)
    listener.wait(TurnFinished, answer_id)

    assert again == chat_id
    assert [m.text for m in repo.messages(chat_id)][2:] == [shown, "Hello there."]
    question, call, _ = scripted.asked[1]
    assert question == asked
    assert (call["name"] if call else None) == called


def test_a_choice_can_be_made_once(start: Start, listener: Listener) -> None:
    chat, _ = start(offer_choices)
    _, message_id = chat.ask(None, "btc?")
    listener.wait(TurnFinished, message_id)
    with pytest.raises(KnownError, match="not open"):
        chat.choose(message_id, "something else")

    chat.choose(message_id, CHOICES[0].key)

    with pytest.raises(KnownError, match="not open"):
        chat.choose(message_id, CHOICES[0].key)


def test_a_draft_is_stored_once_and_only_when_confirmed(start: Start, listener: Listener) -> None:
    stored: list[Draft] = []

    def confirm(draft: Draft) -> int:
        stored.append(draft)
        return 7

    chat, _ = start(offer_draft, confirm)
    _, message_id = chat.ask(None, "alert me")
    listener.wait(TurnFinished, message_id)
    assert stored == []

    assert chat.confirm("d1") == 7

    assert stored == [DRAFT]
    with pytest.raises(KnownError, match="not open"):
        chat.confirm("d1")


def test_a_draft_that_could_not_be_stored_can_be_tried_again(
    start: Start, listener: Listener
) -> None:
    failures = [KnownError("The disk is full.")]

    def confirm(draft: Draft) -> int:
        if failures:
            raise failures.pop()
        return 1

    chat, _ = start(offer_draft, confirm)
    _, message_id = chat.ask(None, "alert me")
    listener.wait(TurnFinished, message_id)
    with pytest.raises(KnownError, match="full"):
        chat.confirm("d1")

    assert chat.confirm("d1") == 1


def test_a_discarded_draft_is_gone(start: Start, listener: Listener) -> None:
    chat, _ = start(offer_draft)
    _, message_id = chat.ask(None, "alert me")
    listener.wait(TurnFinished, message_id)

    chat.discard("d1")

    with pytest.raises(KnownError, match="not open"):
        chat.confirm("d1")


def test_a_bug_in_one_answer_does_not_end_the_next(
    start: Start, repo: ChatRepo, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Scripted, question: str) -> Iterable[str]:
        yield "Half "
        raise ZeroDivisionError

    chat, scripted = start(broken)
    chat_id, message_id = chat.ask(None, "Hi?")
    finished = listener.wait(TurnFinished, message_id)
    assert (finished.status, finished.notice) == (
        "failed",
        "This did not work because of an error in Assay.",
    )
    assert repo.messages(chat_id)[1].text == "Half "

    scripted.script = say_hello
    _, second = chat.ask(chat_id, "Again?")

    assert listener.wait(TurnFinished, second).status == "complete"
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(
    ("error", "status", "notice"),
    [
        (Cancelled(), "stopped", ""),
        (KnownError("No memory.", "Close it."), "failed", "No memory. Close it."),
    ],
)
def test_what_the_assistant_lets_through_becomes_an_outcome(
    start: Start, listener: Listener, error: Exception, status: str, notice: str
) -> None:
    def failing(self: Scripted, question: str) -> Iterable[str]:
        yield "Half"
        raise error

    chat, _ = start(failing)
    _, message_id = chat.ask(None, "Hi?")

    finished = listener.wait(TurnFinished, message_id)

    assert (finished.status, finished.notice) == (status, notice)


def test_a_crash_in_mid_answer_keeps_the_partial_text(repo: ChatRepo) -> None:
    chat_id = repo.create("Chat")
    message_id = repo.begin_answer(chat_id)
    repo.append(message_id, "Half")

    assert repo.recover() == 1

    assert [(m.text, m.status) for m in repo.messages(chat_id)] == [("Half", "stopped")]


def test_closing_stops_the_answer_and_keeps_it(
    start: Start, repo: ChatRepo, listener: Listener
) -> None:
    chat, _ = start(until_stopped)
    chat_id, message_id = chat.ask(None, "Hi?")
    listener.wait(TextDelta, message_id)

    assert chat.close()

    assert repo.messages(chat_id)[1].status == "stopped"


def test_new_chats_take_the_title_of_the_first_question(start: Start, listener: Listener) -> None:
    chat, _ = start(say_hello)
    chat_id = chat.new()
    assert chat.list()[0].title == "New chat"

    _, first = chat.ask(chat_id, "What is my portfolio worth?")
    listener.wait(TurnFinished, first)
    chat.ask(chat_id, "And now?")

    assert chat.list()[0].title == "What is my portfolio worth?"


def test_chats_can_be_renamed_and_deleted_but_not_while_answering(
    start: Start, listener: Listener
) -> None:
    chat, _ = start(until_stopped)
    chat_id, message_id = chat.ask(None, "Hi?")
    with pytest.raises(KnownError, match="being written"):
        chat.delete(chat_id)
    chat.stop()
    listener.wait(TurnFinished, message_id)

    chat.rename(chat_id, " My  chat ")
    assert chat.list()[0].title == "My chat"
    with pytest.raises(KnownError, match="at least one"):
        chat.rename(chat_id, "  ")

    chat.delete(chat_id)
    assert chat.list() == []


@pytest.mark.parametrize(("text", "match"), [("  ", "no question"), ("x" * 9_000, "9,000")])
def test_a_question_that_cannot_be_one_stores_nothing(start: Start, text: str, match: str) -> None:
    chat, _ = start(say_hello)

    with pytest.raises(KnownError, match=match):
        chat.ask(None, text)

    assert chat.list() == []


def test_halves_of_characters_are_asked_as_question_marks(
    start: Start, repo: ChatRepo, listener: Listener
) -> None:
    """What a terminal could not decode, or half an emoji that was pasted."""
    chat, _ = start(say_hello)
    chat_id, message_id = chat.ask(None, "BTC\udcff \ud83d up?")
    listener.wait(TurnFinished, message_id)
    assert repo.messages(chat_id)[0].text == "BTC? ? up?"

    chat.rename(chat_id, "\ud83d Bitcoin")
    assert chat.list()[0].title == "? Bitcoin"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Short\n one", "Short one"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("x" * 80, "x" * 59 + "…"),
    ],
)
def test_titles_are_short(text: str, title: str) -> None:
    assert shorten(text) == title
    assert len(title) <= 60


def test_stop_wakes_what_is_being_waited_for() -> None:
    cancel, woken = Cancel(), []
    with cancel.attached(lambda: woken.append(True)):
        cancel.set()
    assert woken == [True]
