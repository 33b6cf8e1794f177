"""`assay chats`: list, search, export."""

import json
import shutil
from pathlib import Path

import pytest

from engine.cli import main
from tests.engine.cli.conftest import Run


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after two questions; not to be changed."""
    home = tmp_path_factory.mktemp("answered") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_HOME", str(home))
        assert main(["ask", "what is staking"]) == 0
        assert main(["ask", "what is impermanent loss"]) == 0
    return home


@pytest.fixture
def asked(answered: Path, home: Path, assay: Run) -> Run:
    """After two questions."""
    shutil.copytree(answered, home)
    return assay


def test_conversations_are_listed(asked: Run) -> None:
    lines = asked("chats").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.strip()[:1].isdigit()] == ["2", "1"]
    assert lines[-1].endswith("what is staking")
    chats = json.loads(asked("chats", "--json").stdout)
    assert [(c["id"], c["title"], c["preset"]) for c in chats] == [
        (2, "what is impermanent loss", "precise"), (1, "what is staking", "precise"),
    ]  # fmt: skip


def test_there_may_be_none(assay: Run) -> None:
    assert assay("chats").stdout == "There are no conversations yet.\n"
    assert assay("chats", "search", "x").stdout == "Nothing was found.\n"


def test_words_are_found(asked: Run) -> None:
    out = asked("chats", "search", "imperm", "LOSS").stdout
    assert "what is impermanent loss" in out
    assert "title" in out
    hits = json.loads(asked("chats", "search", "staking", "--json").stdout)
    assert (hits[0]["where"], hits[0]["chat_id"], hits[0]["marks"]) == ("title", 1, [[8, 15]])
    assert asked("chats", "search", '" OR *').stdout == "Nothing was found.\n"


def test_a_conversation_is_exported(asked: Run, tmp_path: Path) -> None:
    path = tmp_path / "staking.md"
    assert asked("chats", "export", "1", path).stdout == f"Written: {path}\n"
    assert path.read_text(encoding="utf-8").startswith("# what is staking\n\n**You**, ")
    assert "already is a file" in asked("chats", "export", "1", path, status=2).stderr
    data = tmp_path / "staking.json"
    said = asked("chats", "export", "1", data, "--json").stdout
    assert json.loads(said) == {"file": str(data), "chat": 1}
    assert json.loads(data.read_text(encoding="utf-8"))["messages"][0]["text"] == "what is staking"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("export", "1"), "assay chats export NUMBER FILE"),
        (("export", "x", "a.md"), "number of a conversation"),
        (("export", "99", "a.md"), "not there any more"),
        (("export", "1", "/nowhere/a.md"), "Could not write a.md: there is no folder /nowhere."),
        (("export", "1", "a.txt"), r"must end in .md or .json"),
        (("search",), "assay chats search WORDS"),
        (("list", "x"), "assay chats"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(asked: Run, args: tuple[str, ...], said: str) -> None:
    assert said in asked("chats", *args, status=2).stderr
