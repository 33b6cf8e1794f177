"""A conversation as a file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core import files
from engine.core.answer_figures import AnswerFigures
from engine.core.cards import (
    ChartCard,
    Column,
    FactsCard,
    QuoteCard,
    Series,
    TableCard,
    card_from_json,
)
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.service.chat_export import export
from engine.store.chats import ChatRepo
from engine.store.database import Database

TABLE = TableCard(
    "Holdings",
    (Column("Asset", "text"), Column("Value", "money")),
    (("BTC", "$1,000.00"), ("a|b\nc", "$2.00")),
    ("Total", "$1,002.00"),
    "by last close",
    simulated=True,
)
FACTS = FactsCard("BTC", (("Price", "$1.00"),), "", simulated=False)
CHART = ChartCard(
    "Value",
    "line",
    (
        Series("BTC", ("2026-01-01", "2026-01-02"), (1.0, 1234.5)),
        Series("ETH", ("2026-01-02",), (2,)),
    ),
    "USD",
    "by close",
    simulated=False,
)  # fmt: skip
QUOTE = QuoteCard("Staking", "Locking coins.\nFor long.", "Glossary")

MARKDOWN = """\
# My chat

**You**, 2026-11-22 12:00 UTC

> What do I own?
>
> Say it.

**Assay** (Qwen3 4B), 2026-11-22 12:00 UTC

You own **two** things.

*Not advice.*

**Holdings** (simulated)

| Asset | Value |
| --- | ---: |
| BTC | $1,000.00 |
| a\\|b c | $2.00 |
| **Total** | **$1,002.00** |

by last close

**BTC**

|  |  |
| --- | ---: |
| Price | $1.00 |

**Value**

|  | BTC (USD) | ETH (USD) |
| --- | ---: | ---: |
| 2026-01-01 | 1 |  |
| 2026-01-02 | 1,234.5 | 2 |

by close

**Staking**

> Locking coins.
> For long.

Source: Glossary

**You**, 2026-11-22 12:00 UTC

> And?

**Assay**, 2026-11-22 12:00 UTC

Noth

*Stopped.*
"""


FIGURES = AnswerFigures("Qwen3 4B", tokens=7, drafted=9, accepted=4)


@pytest.fixture
def repo(paths: Paths) -> Iterator[ChatRepo]:
    paths.ensure()
    clock = FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    database = Database.open(paths.database, bytes(32), clock)
    yield ChatRepo(database)
    database.close()


@pytest.fixture
def chat(repo: ChatRepo) -> int:
    """Two turns; the first answer stands beside an older one."""
    chat = repo.create("My  chat", preset="creative")
    repo.add_user(chat, "What do I own?\n\nSay it.")
    old = repo.begin_answer(chat)
    repo.append(old, "An older answer.")
    repo.finish(old, "complete")
    answer = repo.begin_answer_beside(old)
    repo.append(answer, "You own **two** things.")
    repo.append_thinking(answer, "Hm.")
    for card in (TABLE, FACTS, CHART, QUOTE):
        repo.add_card(answer, card)
    repo.set_calls(answer, '[{"name": "what_if", "arguments": {"change": -30.50}}]')
    repo.finish(answer, "complete", "Not advice.", FIGURES)
    repo.add_user(chat, "And?")
    cut = repo.begin_answer(chat)
    repo.append(cut, "Noth")
    repo.finish(cut, "stopped")
    return chat


def test_markdown_is_what_is_shown(repo: ChatRepo, chat: int, tmp_path: Path) -> None:
    path = tmp_path / "chat.md"
    export(repo, chat, path, replace=False)
    assert path.read_text(encoding="utf-8") == MARKDOWN


def test_json_is_everything(repo: ChatRepo, chat: int, tmp_path: Path) -> None:
    path = tmp_path / "Größe.JSON"
    export(repo, chat, path, replace=False)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert (data["format"], data["version"], data["preset"]) == ("assay chat", 1, "creative")
    messages = data["messages"]
    assert [(m["id"], m["parent"], m["shown"]) for m in messages] == [
        (1, None, True), (2, 1, False), (3, 1, True), (4, 3, True), (5, 4, True),
    ]  # fmt: skip
    answer = messages[2]
    assert (answer["thinking"], answer["notice"]) == ("Hm.", "Not advice.")
    assert answer["calls"] == [{"name": "what_if", "arguments": {"change": "-30.50"}}]
    cards = [card_from_json(json.dumps(card)) for card in answer["cards"]]
    assert cards == [TABLE, FACTS, CHART, QUOTE]
    assert AnswerFigures(**answer["figures"]) == FIGURES
    assert (answer["figures"]["drafted"], answer["figures"]["accepted"]) == (9, 4)
    assert messages[0]["figures"] is None


def test_a_file_is_never_replaced_unasked(repo: ChatRepo, chat: int, tmp_path: Path) -> None:
    path = tmp_path / "chat.md"
    path.write_text("mine")
    with pytest.raises(KnownError, match=r"already is a file chat\.md"):
        export(repo, chat, path, replace=False)
    assert path.read_text() == "mine"
    export(repo, chat, path, replace=True)
    assert path.read_text(encoding="utf-8") == MARKDOWN


@pytest.mark.parametrize("name", ["chat.txt", "chat", ".md"])
def test_another_ending_is_refused(repo: ChatRepo, chat: int, tmp_path: Path, name: str) -> None:
    with pytest.raises(KnownError, match=r"end in \.md or \.json"):
        export(repo, chat, tmp_path / name, replace=False)


def test_a_chat_that_is_gone(repo: ChatRepo, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="not there any more"):
        export(repo, 99, tmp_path / "chat.md", replace=False)
    assert list(tmp_path.glob("*.md")) == []


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_nothing_behind(
    repo: ChatRepo,
    chat: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    replace: bool,
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(files.os, "fsync", full)
        with pytest.raises(KnownError, match="disk is full"):
            export(repo, chat, folder / "chat.md", replace=replace)
    assert list(folder.iterdir()) == []
    with pytest.raises(KnownError, match="there is no folder"):
        export(repo, chat, folder / "no" / "chat.md", replace=replace)
