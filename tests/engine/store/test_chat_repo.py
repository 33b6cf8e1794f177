"""Chats are stored as they stream."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.answer_figures import AnswerFigures
from engine.core.cards import FactsCard, QuoteCard
from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.store.chats import Chat, ChatRepo, Message
from engine.store.database import Database

FACTS = FactsCard("BTC", (("Value", "$1.00"),), "last close", True)
QUOTE = QuoteCard("Staking", "Locking coins …", "knowledge/staking.md")
FIGURES = AnswerFigures("Starter", 340, 27.5, 2_000, 1_500, 8.25, 4_096, 2_340, 2)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Ticking:
    """A clock that moves on by a second each time it is asked."""

    moment: datetime = START

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def today(self) -> date:
        return self.moment.date()


@pytest.fixture
def repo(paths: Paths, open_database: Callable[..., Database]) -> ChatRepo:
    db = open_database()
    db.clock = Ticking()
    return ChatRepo(db)


def test_a_conversation(repo: ChatRepo) -> None:
    chat = repo.create("New chat")
    question = repo.add_user(chat, "What do I own?")
    answer = repo.begin_answer(chat)
    repo.append_thinking(answer, "Let me ")
    repo.append_thinking(answer, "look.")
    repo.append(answer, "You own ")
    repo.append(answer, "1 BTC.")
    repo.add_card(answer, FACTS)
    repo.add_card(answer, QUOTE)
    repo.set_calls(answer, '[{"name": "position"}]')
    assert repo.messages(chat)[1].status == "streaming"
    repo.finish(answer, "complete", figures=FIGURES)
    second = timedelta(seconds=1)
    assert repo.messages(chat) == [
        Message(question, chat, "user", "What do I own?", "", "complete", (), "[]",
                START + 2 * second, siblings=(question,)),
        Message(answer, chat, "assistant", "You own 1 BTC.", "Let me look.", "complete",
                (FACTS, QUOTE), '[{"name": "position"}]', START + 3 * second,
                parent_id=question, siblings=(answer,), figures=FIGURES),
    ]  # fmt: skip
    assert repo.list() == [Chat(chat, "New chat", START + 3 * second)]
    repo.replace(answer, "You own nothing.")
    assert repo.messages(chat)[1].text == "You own nothing."


def test_the_chat_used_last_comes_first_and_chats_do_not_mix(repo: ChatRepo) -> None:
    first, second = repo.create("a"), repo.create("b")
    assert [chat.id for chat in repo.list()] == [second, first]
    answer = repo.begin_answer(first)
    repo.add_card(answer, FACTS)
    repo.add_user(second, "hello")
    assert [chat.id for chat in repo.list()] == [second, first]
    repo.add_user(first, "again")
    assert [chat.id for chat in repo.list()] == [first, second]
    assert [message.cards for message in repo.messages(second)] == [()]
    assert [message.cards for message in repo.messages(first)] == [(FACTS,), ()]


def test_rename_and_delete(repo: ChatRepo) -> None:
    chat, other = repo.create("a"), repo.create("b")
    repo.add_card(repo.begin_answer(chat), FACTS)
    repo.rename(chat, "My coins")
    assert {c.title for c in repo.list()} == {"My coins", "b"}
    repo.delete(chat)
    assert [c.id for c in repo.list()] == [other]
    assert repo.messages(chat) == []
    assert repo.create("c") > other


def test_writing_to_what_is_gone_is_one_sentence(repo: ChatRepo) -> None:
    chat = repo.create("a")
    message = repo.begin_answer(chat)
    repo.delete(chat)
    for write in (
        lambda: repo.append(message, "x"),
        lambda: repo.append_thinking(message, "x"),
        lambda: repo.replace(message, "x"),
        lambda: repo.add_card(message, FACTS),
        lambda: repo.set_calls(message, "[]"),
        lambda: repo.finish(message, "complete"),
        lambda: repo.rename(chat, "x"),
        lambda: repo.delete(chat),
        lambda: repo.add_user(chat, "x"),
        lambda: repo.begin_answer(chat),
    ):
        with pytest.raises(KnownError, match="chat is not there any more"):
            write()
    assert repo.list() == []


def test_recover_stops_what_a_crash_cut_off(repo: ChatRepo) -> None:
    chat = repo.create("a")
    repo.add_user(chat, "?")
    cut = repo.begin_answer(chat)
    repo.append(cut, "Half an ans")
    done = repo.begin_answer(chat)
    repo.finish(done, "failed")
    assert repo.recover() == 1
    assert [m.status for m in repo.messages(chat)] == ["complete", "stopped", "failed"]
    assert repo.messages(chat)[1].text == "Half an ans"
    assert repo.recover() == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_any_text_comes_back_as_it_was(repo: ChatRepo, parts: list[str]) -> None:
    message = repo.begin_answer(repo.create("x"))
    for part in parts:
        repo.append(message, part)
    (stored,) = repo.messages(repo.list()[0].id)
    assert stored.text == "".join(parts)


@pytest.mark.logs("a stored card is of an unknown kind")
def test_a_card_of_a_newer_version_does_not_lock_the_conversation(
    repo: ChatRepo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chat = repo.create("New chat")
    answer = repo.begin_answer(chat)
    with monkeypatch.context() as newer:
        newer.setattr("engine.store.chats.card_to_json", lambda card: '{"card": "heatmap"}')
        repo.add_card(answer, QUOTE)
    repo.add_card(answer, FACTS)
    assert repo.messages(chat)[0].cards == (FACTS,)
    assert caplog.messages == ["a stored card is of an unknown kind"]
