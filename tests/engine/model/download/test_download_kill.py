"""A download in a process that is killed, and one on a disk that is really full."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.download import download as module
from tests.engine.hub_server import HubServer, hub_server
from tests.engine.model.fetching import Fetcher, model_bytes
from tests.small_disk import small_disk_at

ROOT = Path(__file__).parents[4]
PIECE = 150_000
DISK = 2_000_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    with hub_server(model_bytes(tmp_path)) as running:
        yield running


def process(server: HubServer, home: Path) -> "subprocess.Popen[str]":
    home.mkdir(exist_ok=True)
    arguments = [sys.executable, "-m", "tests.engine.model.fetching", server.url, str(home)]
    return subprocess.Popen(
        [*arguments, str(PIECE)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
    )


def test_killed_at_any_moment_it_loses_the_last_piece_at_most(
    server: HubServer, tmp_path: Path
) -> None:
    server.pause = 0.004
    fetcher = Fetcher(server.url, tmp_path / "models")
    kills = 0
    for wait in (0.15, 0.3, 0.05, 0.2):
        before, asked = fetcher.done, len(server.cdn.asked)
        running = process(server, fetcher.home)
        deadline = time.monotonic() + 20
        # Killed somewhere behind the first new piece, at a moment that no test chooses.
        while fetcher.done <= max(before, 0) and time.monotonic() < deadline:
            if running.poll() is not None:
                break
            time.sleep(0.005)
        time.sleep(wait)
        running.send_signal(signal.SIGKILL)
        kills += running.wait() == -signal.SIGKILL
        assert running.stdout is not None
        running.stdout.close()
        if before > 0:  # it went on from what the state file said
            spans = [one.headers.get("Range", "") for one in server.cdn.asked[asked:]]
            assert f"bytes={before}-" in spans
        part = fetcher.files.part(fetcher.wanted.key)
        if not part.exists():
            break
        assert part.read_bytes()[: fetcher.done] == server.content[: fetcher.done]
        assert part.stat().st_size - fetcher.done <= PIECE + 2 * module.CHUNK
    assert kills >= 2
    server.pause = 0.0
    last = process(server, fetcher.home)
    out, _ = last.communicate(timeout=60)
    assert out.strip() == server.sha256
    assert (fetcher.home / f"{server.sha256}.gguf").read_bytes() == server.content


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that the model does not fit on; needs root."""
    with small_disk_at(tmp_path / "disk", DISK) as place:
        yield place


def test_a_disk_that_fills_up_keeps_what_was_fetched(
    server: HubServer, small_disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "PIECE", PIECE)
    # It is not noticed before, as when others fill the disk at the same time.
    monkeypatch.setattr(module.Download, "_check_space", lambda self, missing: None)
    fetcher = Fetcher(server.url, small_disk / "models")
    with pytest.raises(KnownError, match="the disk is full"):
        fetcher.run()
    done = fetcher.done
    assert done > DISK // 2
    # With more room it goes on from there.
    roomy = Fetcher(server.url, tmp_path / "roomy")
    shutil.copytree(small_disk / "models" / "downloads", roomy.files.folder)
    assert roomy.run().path.read_bytes() == server.content
    assert server.fetched()[-1] == f"bytes={done}-"


def test_without_room_it_is_not_begun(
    server: HubServer, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DISK_RESERVE", 100_000)
    fetcher = Fetcher(server.url, small_disk / "models")
    with pytest.raises(KnownError, match="not enough disk space"):
        fetcher.run()
    assert server.fetched() == ["bytes=0-0"]
