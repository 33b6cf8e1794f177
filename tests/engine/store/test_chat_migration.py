"""Version 2 becomes version 3: every chat is one path, whole, and can be searched."""

from collections.abc import Callable
from contextlib import closing

import pytest

from engine.core.cards import FactsCard, card_to_json
from engine.core.paths import Paths
from engine.store import migrations
from engine.store.chat_search import ChatSearch
from engine.store.chats import ChatRepo
from engine.store.connection import connect
from engine.store.database import Database
from tests.engine.store.conftest import KEY

T0, T1 = (f"2026-0{month}-01T12:00:00.000000+00:00" for month in (1, 2))
FACTS = FactsCard("BTC", (("Value", "$1.00"),), "last close", True)

FILLED = f"""
INSERT INTO chats VALUES (1, 'Kept', '{T0}', '{T1}'), (4, 'Other', '{T0}', '{T0}'),
    (6, 'Empty', '{T0}', '{T0}');
INSERT INTO messages VALUES
    (2, 1, 'user', 'First?', '', 'complete', '[]', '', '{T0}'),
    (3, 1, 'assistant', 'One.', 'Thought.', 'complete', '[{{"name": "x"}}]', 'A notice.', '{T0}'),
    (5, 4, 'user', 'Elsewhere?', '', 'complete', '[]', '', '{T0}'),
    (7, 1, 'user', 'Second?', '', 'complete', '[]', '', '{T1}'),
    (8, 4, 'assistant', 'There.', '', 'failed', '[]', '', '{T1}'),
    (9, 1, 'assistant', 'Tw', '', 'streaming', '[]', '', '{T1}');
"""


@pytest.fixture
def migrated(
    open_database: Callable[..., Database], paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """A database of version 2 that was filled then."""
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", migrations.STEPS[:2])
        open_database().close()
    with closing(connect(paths.database, KEY)) as old:
        for statement in FILLED.split(";\n"):
            old.execute(statement)
        old.execute("INSERT INTO cards VALUES (1, 3, ?)", [card_to_json(FACTS)])
    return open_database()


def test_every_chat_is_one_path(migrated: Database) -> None:
    repo = ChatRepo(migrated)
    assert [(m.id, m.parent_id, m.siblings) for m in repo.messages(1)] == [
        (2, None, (2,)), (3, 2, (3,)), (7, 3, (7,)), (9, 7, (9,)),
    ]  # fmt: skip
    assert [(m.id, m.parent_id) for m in repo.messages(4)] == [(5, None), (8, 5)]
    assert repo.messages(6) == []
    assert repo.tree(1) == repo.messages(1)


def test_nothing_is_lost(migrated: Database) -> None:
    repo = ChatRepo(migrated)
    answer = repo.messages(1)[1]
    assert (answer.text, answer.thinking, answer.notice) == ("One.", "Thought.", "A notice.")
    assert (answer.cards, answer.calls, answer.figures) == ((FACTS,), '[{"name": "x"}]', None)
    assert [(c.title, c.model, c.preset) for c in repo.list()] == [
        ("Kept", "", "precise"), ("Empty", "", "precise"), ("Other", "", "precise"),
    ]  # fmt: skip
    assert repo.messages(4)[1].status == "failed"
    # Ids are never given twice, and the conversation goes on where it was.
    repo.recover()
    assert repo.add_user(1, "Third?") == 10
    assert repo.messages(1)[-1].parent_id == 9


def test_old_chats_can_be_searched(migrated: Database) -> None:
    ChatRepo(migrated).recover()
    search = ChatSearch(migrated)
    hits = [search.find(words, 9) for words in ("kept", "elsewhere", "thought", "tw")]
    assert [[(h.chat_id, h.message_id) for h in found] for found in hits] == [
        [(1, 0)], [(4, 5)], [(1, 3)], [(1, 9)],
    ]  # fmt: skip
