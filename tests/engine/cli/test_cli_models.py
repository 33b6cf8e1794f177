"""`assay models`: adding, linking, downloading, going on and deleting, from the terminal."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.registry import starter_path
from engine.service.model_fit import Memory
from tests.engine.cli.conftest import ASSAY, Run
from tests.engine.hub_server import FILE, REPO, HubServer, hub_server
from tests.engine.model.fetching import model_bytes
from tests.engine.service.tiny import write_tiny_model

WHICH = f"{REPO}/{FILE}"


@pytest.fixture
def server(tmp_path: Path, assay: Run) -> Iterator[HubServer]:
    with hub_server(model_bytes(tmp_path)) as running:
        assay("settings", "model_hub", running.url)
        yield running


def test_a_file_is_added_linked_and_removed(assay: Run, tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "own.gguf")
    assert "Added Tiny" in assay("models", "add", path, "--link").stdout
    number = json.loads(assay("models", "--json").stdout)[-1]["id"]
    assert "stays" in assay("models", "remove", number).stdout
    assert path.exists()
    assay("models", "add", path)
    number = json.loads(assay("models", "--json").stdout)[-1]["id"]
    assert "are free again" in assay("models", "remove", number).stdout
    assert len(json.loads(assay("models", "--json").stdout)) == 1
    for wrong in ("0", "99", "Tiny"):
        assert "no model" in assay("models", "remove", wrong, status=2).stderr


def test_the_link_option_may_stand_before_the_file(assay: Run, tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "own.gguf")
    assay("models", "add", "--link", path)
    assert json.loads(assay("models", "--json").stdout)[-1]["linked"]
    assert "assay models add MODEL" in assay("models", "add", path, "--link", path, status=2).stderr
    assert "assay models add MODEL" in assay("models", "add", "--link", status=2).stderr


def test_a_model_that_is_there_is_not_added_again(assay: Run, tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "own.gguf")
    assert "Added Tiny" in assay("models", "add", path).stdout
    assert assay("models", "add", path).stdout == "You have Tiny already, as number 1.\n"
    assert "You have Tiny already" in assay("models", "add", "--link", path).stdout
    assert "as number 0" in assay("models", "add", starter_path()).stdout
    assert "as number 0" in assay("models", "add", "--link", starter_path()).stdout
    assert len(json.loads(assay("models", "--json").stdout)) == 2


def test_a_linked_file_that_is_gone_is_said(
    assay: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    path = write_tiny_model(tmp_path / "own.gguf")
    assay("models", "add", path, "--link")
    path.unlink()
    assert "not there any more" in assay("models").stdout
    number = json.loads(assay("models", "--json").stdout)[-1]["id"]
    assert "not there any more" in assay("models", "use", number, status=2).stderr


def test_the_catalogue_is_listed(assay: Run, home: Path) -> None:
    listed = assay("models", "catalogue").stdout
    assert "qwen3-4b-instruct-2507: Qwen3 4B Instruct 2507 (2.5 GB, Apache-2.0)" in listed
    assert "of memory" in listed
    home.mkdir(exist_ok=True)
    (home / "catalogue.json").write_text("{}")
    done = assay("models", "catalogue")
    assert "not a JSON list" in done.stderr
    entries = json.loads(assay("models", "catalogue", "--json").stdout)
    assert entries[2]["sha256"].startswith("9465e63a")


@pytest.mark.parametrize(
    ("free", "total", "said"),
    [
        (32, 64, "Runs well here. It needs 3.6 GB of memory."),
        (2, 64, "Tight: close other programs. It needs 3.6 GB of memory."),
        (2, 3, "Too large for this computer. It needs 3.6 GB of memory."),
    ],
)
def test_the_catalogue_says_whether_a_model_fits(
    free: int, total: int, said: str, assay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(free * 10**9, total * 10**9)
    monkeypatch.setattr(Memory, "now", lambda held=0: memory)
    lines = assay("models", "catalogue").stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("dmind-2-4b:"))
    assert said in lines[start + 2]


def test_a_model_is_looked_at_and_fetched(assay: Run, server: HubServer) -> None:
    looked = assay("models", "look", WHICH).stdout
    assert "It is a qwen3 model" in looked
    assert "it fits" in looked
    assert "that the Hub names" in looked
    done = assay("models", "get", WHICH).stdout
    assert "Added Tiny" in done
    assert "as number 1" in assay("models", "look", WHICH).stdout
    assert json.loads(assay("models", "get", WHICH, "--json").stdout)["sha256"] == server.sha256
    assert "No download is unfinished" in assay("models", "downloads").stdout
    assert f"/{REPO}/resolve/" in assay("online", "log").stdout


def test_ctrl_c_keeps_what_is_there(assay: Run, server: HubServer, home: Path) -> None:
    server.pause = 0.01
    running = subprocess.Popen(
        [*ASSAY, "models", "get", WHICH],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    parts = home / "models" / "downloads"
    while sum(path.stat().st_size for path in parts.glob("*.part")) < 300_000:
        assert time.monotonic() < end
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, (out, err)
    assert "goes on with it" in err
    (kept,) = json.loads(assay("models", "downloads", "--json").stdout)
    assert (kept["state"], kept["done"] >= 300_000) == ("paused", True)
    assert kept["key"][:12] in assay("models", "downloads").stdout
    server.pause = 0.0
    assert "Added Tiny" in assay("models", "get", WHICH).stdout
    assert server.fetched()[-1] == f"bytes={kept['done']}-"


def test_what_is_half_there_is_deleted(assay: Run, server: HubServer) -> None:
    server.said_tag = "c" * 64
    assert "checksum" in assay("models", "get", WHICH, status=2).stderr
    assert "No download is unfinished" in assay("models", "downloads").stdout
    assert "no such download" in assay("models", "discard", "abc", status=2).stderr


@pytest.mark.parametrize(
    "arguments", [["get"], ["look"], ["remove"], ["discard"], ["downloads", "x"], ["token", "x"]]
)
def test_a_missing_or_needless_model_is_said(arguments: list[str], assay: Run) -> None:
    assert "assay models" in assay("models", *arguments, status=2).stderr


def test_the_token_comes_from_a_terminal_only(assay: Run) -> None:
    assert "terminal" in assay("models", "token", status=2).stderr
    assert "deleted" in assay("models", "token", "--forget").stdout
