"""Finding words in conversations; the index follows every change."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store.chat_search import ChatSearch, Hit
from engine.store.chats import ChatRepo
from engine.store.database import Database


@pytest.fixture
def repo(db: Database) -> ChatRepo:
    return ChatRepo(db)


@pytest.fixture
def search(db: Database) -> ChatSearch:
    return ChatSearch(db)


@pytest.fixture
def chat(repo: ChatRepo) -> int:
    """A chat with a question and a thoughtful answer."""
    chat = repo.create("Staking ether")
    repo.add_user(chat, "Was kostet Größe, e.g. BTC/USD?")
    answer = repo.begin_answer(chat)
    repo.append_thinking(answer, "Perhaps the liquidity matters.")
    repo.append(answer, "It costs\n$38,462.04 today.")
    repo.finish(answer, "complete")
    return chat


def found(search: ChatSearch, words: str) -> list[str]:
    return [hit.where for hit in search.find(words, 50)]


def sound(db: Database) -> None:
    """The index holds what the tables hold, no more and no less."""

    def check(d: object) -> None:
        for table in ("chat_search", "message_search"):
            d.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")  # type: ignore[attr-defined]

    db.run(check)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("stak", ["title"]),
        ("ETHER staking", ["title"]),
        ("grosse", []),
        ("grö", ["question"]),
        ("GRO", ["question"]),
        ("btc/usd", ["question"]),
        ("usd btc", ["question"]),
        ("liquid", ["thinking"]),
        ("38,462.04", ["answer"]),
        ("costs today", ["answer"]),
        ("costs tomorrow", []),
        ("aking", []),
        ("", []),
    ],
)
def test_words_and_their_beginnings_are_found(
    search: ChatSearch, chat: int, words: str, where: list[str]
) -> None:
    assert found(search, words) == where


def test_of_an_answer_the_words_are_shown_and_not_its_marks(
    search: ChatSearch, repo: ChatRepo
) -> None:
    chat = repo.create("Weights")
    question = "| why --- `a` * b?"
    repo.add_user(chat, question)
    answer = repo.begin_answer(chat)
    repo.append(
        answer,
        "## Held\n\n| Asset | Weight |\n|---|---:|\n| BTC | -4.3 % |\n\n- **much** of it\n",
    )
    repo.finish(answer, "complete")
    (hit,) = search.find("weight much", 50)
    assert hit.snippet == "Held Asset Weight BTC -4.3 % much of it"
    assert [hit.snippet[a:b] for a, b in hit.marks] == ["Weight", "much"]
    (hit,) = search.find("why", 50)
    assert hit.snippet == question


def test_a_hit_says_where_and_shows_it(search: ChatSearch, repo: ChatRepo, chat: int) -> None:
    (hit,) = search.find("cost tod", 50)
    answer = repo.messages(chat)[1]
    assert hit == Hit(
        chat, answer.id, "Staking ether", "answer", "It costs $38,462.04 today.",
        ((3, 8), (20, 25)), answer.created,
    )  # fmt: skip
    (hit,) = search.find("ether", 50)
    assert (hit.message_id, hit.snippet, hit.marks) == (0, "Staking ether", ((8, 13),))


def test_the_index_follows_every_change(
    db: Database, search: ChatSearch, repo: ChatRepo, chat: int
) -> None:
    question, answer = repo.messages(chat)
    repo.rename(chat, "Renamed")
    assert (found(search, "staking"), found(search, "renamed")) == ([], ["title"])
    repo.replace(answer.id, "Nothing.")
    assert (found(search, "costs"), found(search, "nothing")) == ([], ["answer"])
    beside = repo.add_user_beside(question.id, "Another wording")
    written = repo.begin_answer(chat)
    repo.append(written, "half of a sentence")
    assert found(search, "sentence") == []  # not before it ends
    sound_but_for_what_is_written(db, repo)
    assert found(search, "sentence") == ["answer"]
    # Branches that are not shown are found too.
    assert repo.messages(chat)[0].id == beside
    assert found(search, "liquidity") == ["thinking"]
    repo.delete(chat)
    for words in ("renamed", "nothing", "sentence", "liquidity", "wording"):
        assert found(search, words) == []
    sound(db)


def sound_but_for_what_is_written(db: Database, repo: ChatRepo) -> None:
    """After a crash the answer that was cut off is in the index."""
    assert repo.recover() == 1
    sound(db)


def test_nothing_of_a_deleted_chat_is_left_in_the_index(
    db: Database, repo: ChatRepo, chat: int
) -> None:
    repo.add_user(repo.create("Other"), "kept")
    repo.delete(chat)
    blocks = db.run(lambda d: b"".join(b for (b,) in d.execute(
        "SELECT block FROM message_search_data").fetchall()))  # fmt: skip
    assert b"liquidity" not in blocks
    assert b"kept" in blocks


def test_the_newest_come_first_and_no_more_than_asked_for(
    search: ChatSearch, repo: ChatRepo
) -> None:
    chat = repo.create("coins")
    ids = [repo.add_user(chat, f"coins {n}") for n in range(5)]
    hits = search.find("coins", 4)
    assert [hit.message_id for hit in hits] == [0, *reversed(ids[2:])]


@pytest.mark.parametrize(
    "words",
    ['"', "'", "a OR", "NEAR(", "title:x", "^", "*", "-", "( )", "a AND NOT b", "\0", "{a b}: c",
     "½", "🙂", "日本", '"a" OR "b', "x" * 9_000, "y " * 9_000],
)  # fmt: skip
def test_no_character_has_a_meaning_of_its_own(search: ChatSearch, chat: int, words: str) -> None:
    assert search.find(words, 50) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_nonsense_is_no_error(search: ChatSearch, chat: int, words: str) -> None:
    search.find(words, 5)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("abcdef ghij,.\x02\x03\n"), min_size=1, max_size=80))
def test_marks_lie_within_the_snippet(repo: ChatRepo, search: ChatSearch, text: str) -> None:
    chat = repo.create("x")
    repo.add_user(chat, text)
    for hit in search.find("a", 5):
        for start, end in hit.marks:
            assert 0 <= start <= end <= len(hit.snippet)
        assert "\x02" not in hit.snippet
    repo.delete(chat)
