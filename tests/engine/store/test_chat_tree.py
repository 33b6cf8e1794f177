"""Branches: nothing is lost, one path is shown, copies are whole."""

import pytest
import sqlite_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.answer_figures import AnswerFigures
from engine.core.cards import FactsCard
from engine.core.errors import KnownError
from engine.store.chats import ChatRepo
from engine.store.database import Database

FACTS = FactsCard("BTC", (("Value", "$1.00"),), "last close", True)


@pytest.fixture
def repo(db: Database) -> ChatRepo:
    return ChatRepo(db)


def talk(repo: ChatRepo, chat: int, question: str, answer: str) -> tuple[int, int]:
    """Ask and answer at the end of the path; returns both ids."""
    asked, given_ = repo.add_user(chat, question), repo.begin_answer(chat)
    repo.append(given_, answer)
    repo.finish(given_, "complete")
    return asked, given_


def texts(repo: ChatRepo, chat: int) -> list[str]:
    return [message.text for message in repo.messages(chat)]


def test_another_answer_stands_in_the_place_of_the_first(repo: ChatRepo) -> None:
    chat = repo.create("x")
    _, first = talk(repo, chat, "Q1", "A1")
    talk(repo, chat, "Q2", "A2")
    again = repo.begin_answer_beside(first)
    repo.append(again, "A1 again")
    assert texts(repo, chat) == ["Q1", "A1 again"]
    assert repo.messages(chat)[1].siblings == (first, again)
    talk(repo, chat, "Q3", "A3")
    assert repo.show(first) == chat
    # What followed the first answer follows it again.
    assert texts(repo, chat) == ["Q1", "A1", "Q2", "A2"]
    repo.show(again)
    assert texts(repo, chat) == ["Q1", "A1 again", "Q3", "A3"]


def test_another_question_has_answers_of_its_own(repo: ChatRepo) -> None:
    chat = repo.create("x")
    first, _ = talk(repo, chat, "Q1", "A1")
    other = repo.add_user_beside(first, "Q1 changed")
    repo.begin_answer(chat)
    assert texts(repo, chat) == ["Q1 changed", ""]
    assert repo.messages(chat)[0].siblings == (first, other)
    assert len(repo.tree(chat)) == 4
    assert [m.shown for m in repo.tree(chat)] == [False, True, True, True]


def test_showing_something_deep_leads_the_whole_path_there(repo: ChatRepo) -> None:
    chat = repo.create("x")
    first, _ = talk(repo, chat, "Q1", "A1")
    _, deep = talk(repo, chat, "Q2", "A2")
    repo.add_user_beside(first, "Other")
    repo.show(deep)
    assert texts(repo, chat) == ["Q1", "A1", "Q2", "A2"]
    assert [m.text for m in repo.path_to(first)] == ["Q1"]


def test_a_copy_is_whole_and_of_its_own(repo: ChatRepo) -> None:
    chat = repo.create("x", model="3", preset="creative")
    asked, answered = talk(repo, chat, "Q1", "A1")
    repo.append_thinking(answered, "Hm.")
    repo.add_card(answered, FACTS)
    repo.finish(answered, "failed", "It stopped.", AnswerFigures(tokens=3))
    talk(repo, chat, "Q2", "A2")
    copied = repo.copy_path(answered, "copy")
    before, after = repo.messages(chat)[:2], repo.messages(copied)
    keys = ("role", "text", "thinking", "status", "cards", "calls", "notice", "figures", "created")
    for key in keys:
        assert [getattr(m, key) for m in after] == [getattr(m, key) for m in before], key
    assert (repo.get(copied).model, repo.get(copied).preset) == ("3", "creative")
    repo.delete(chat)
    assert texts(repo, copied) == ["Q1", "A1"]
    with pytest.raises(KnownError, match="message is not there"):
        repo.copy_path(asked, "gone")


def test_a_copy_of_what_is_being_written_is_stopped(repo: ChatRepo) -> None:
    chat = repo.create("x")
    repo.add_user(chat, "Q")
    answer = repo.begin_answer(chat)
    copied = repo.copy_path(answer, "copy")
    assert repo.messages(copied)[1].status == "stopped"
    assert repo.messages(chat)[1].status == "streaming"


def test_a_very_long_chat_can_be_shown_and_deleted(db: Database, repo: ChatRepo) -> None:
    chat, count = repo.create("long"), 3_000

    def fill(d: sqlite_utils.Database) -> None:
        sql = (
            "INSERT INTO messages (id, chat_id, role, text, status, created, parent_id) "
            "VALUES (?, ?, 'user', 'x', 'complete', '2026-01-01T00:00:00.000000+00:00', ?)"
        )
        for number in range(1, count + 1):
            d.execute(sql, [number, chat, number - 1 or None])

    db.run(fill)
    assert len(repo.messages(chat)) == len(repo.path_to(count)) == count
    copied = repo.copy_path(count, "copy")
    assert repo.show(count // 2) == chat
    repo.delete(chat)
    assert len(repo.messages(copied)) == count
    assert repo.messages(chat) == []


@pytest.mark.parametrize("message", [99, 2**70])
def test_what_is_gone_is_one_sentence(repo: ChatRepo, message: int) -> None:
    for act in (repo.show, repo.path_to, repo.begin_answer_beside):
        with pytest.raises(KnownError, match="not there any more"):
            act(message)
    with pytest.raises(KnownError, match="not there any more"):
        repo.get(message)


def test_model_and_preset_are_remembered(repo: ChatRepo) -> None:
    chat = repo.create("x")
    assert (repo.get(chat).model, repo.get(chat).preset) == ("", "precise")
    repo.set_model(chat, "/models/a.gguf")
    repo.set_preset(chat, "thinking")
    (stored,) = repo.list()
    assert (stored.model, stored.preset) == ("/models/a.gguf", "thinking")


Step = tuple[str, int]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["talk", "again", "edit", "show"]), st.integers(0, 20)),
        max_size=14,
    )
)
def test_whatever_is_done_nothing_is_lost_and_one_path_is_shown(
    repo: ChatRepo, steps: list[Step]
) -> None:
    chat = repo.create("x")
    talk(repo, chat, "Q", "A")
    count = 2
    for step, which in steps:
        tree = repo.tree(chat)
        one = tree[which % len(tree)]
        match step:
            case "talk":
                talk(repo, chat, "Q", "A")
                count += 2
            case "again" if one.role == "assistant":
                repo.finish(repo.begin_answer_beside(one.id), "complete")
                count += 1
            case "edit" if one.role == "user":
                repo.add_user_beside(one.id, "E")
                repo.finish(repo.begin_answer(chat), "complete")
                count += 2
            case _:
                repo.show(one.id)
                assert one.id in {m.id for m in repo.messages(chat)}
        path, tree = repo.messages(chat), repo.tree(chat)
        assert len(tree) == count
        assert [m.parent_id for m in path] == [None, *(m.id for m in path[:-1])]
        assert [m.role for m in path] == ["user", "assistant"] * (len(path) // 2)
        for message in tree:
            assert sum(m.shown for m in tree if m.id in message.siblings) == 1


def test_figures_come_back_and_unknown_ones_do_not_hurt() -> None:
    figures = AnswerFigures("Qwen3", 340, 27.5, thinking_seconds=8, dropped_turns=2)
    assert AnswerFigures.from_json(figures.to_json()) == figures
    assert AnswerFigures.from_json('{"tokens": 5, "of a newer version": []}') == AnswerFigures(
        tokens=5
    )
    for text in ("{}", "[]", "", "null", '{"tokens": "5"}', '{"tokens": true}', "[" * 99_999):
        assert AnswerFigures.from_json(text) is None
    assert figures.tokens_per_second == pytest.approx(340 / 27.5)
    assert AnswerFigures().tokens_per_second == 0
