"""Keeping what was read on a disk that is slow: a pipe in the place of the file to be written."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.model import link
from engine.model.client import GenerateRequest, ModelClient

NewClient = Callable[[], ModelClient]
DIGITS = "root ::= [0-9] root"
PROMPT = "alpha beta gamma " * 20
KEY = bytes(32)


class Saving:
    """A save that hangs at its disk until go_on()."""

    def __init__(self, client: ModelClient, folder: Path) -> None:
        self._client = client
        self.file = folder / "a.kv"
        self._pipe = folder / "a.writing"
        os.mkfifo(self._pipe)
        self.got: list[int | BaseException] = []
        self._thread = threading.Thread(target=self._save)
        self._thread.start()
        time.sleep(0.2)
        assert self.got == []

    def _save(self) -> None:
        try:
            self.got.append(self._client.save_session("kept", self.file, KEY, "bound"))
        except (Cancelled, KnownError) as error:
            self.got.append(error)

    def result(self) -> int | BaseException:
        self._thread.join(10)
        return self.got[0]

    def go_on(self) -> Path:
        """The disk answers: what was written. (Where Landlock is, a pipe cannot be renamed, so
        the save itself fails then.)"""
        written = self.file.with_suffix(".written")
        written.write_bytes(self._pipe.read_bytes())
        return written


@pytest.fixture
def loaded(new_client: NewClient, tiny_model: Path) -> ModelClient:
    client = new_client()
    client.load(tiny_model)
    read(client, "kept")
    return client


def pid_of(client: ModelClient) -> int:
    assert client._link is not None
    return client._link.pid


def read(client: ModelClient, session: str) -> int:
    """Tokens of the prompt that were in memory."""
    generation = client.generate(GenerateRequest(PROMPT, DIGITS, max_tokens=3, session=session))
    assert len("".join(generation)) == 3
    assert generation.stats is not None
    return generation.stats.cached_tokens


def test_answers_do_not_wait_for_it_nor_does_a_cancel(
    loaded: ModelClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(loaded)
    saving = Saving(loaded, tmp_path)
    monkeypatch.setattr(link, "STUCK_SECONDS", 0.5)
    read(loaded, "other")
    generation = loaded.generate(GenerateRequest("x", DIGITS, max_tokens=3000, session="third"))
    next(generation)
    generation.cancel()
    list(generation)
    time.sleep(0.7)
    written = saving.go_on()
    saving.result()
    loaded.forget_session("kept")
    assert loaded.restore_session("kept", written, KEY, "bound") == loaded.count(PROMPT) + 2
    assert pid_of(loaded) == pid


def test_what_is_written_is_what_was_held(loaded: ModelClient, tmp_path: Path) -> None:
    """Not what the conversation has become meanwhile."""
    saving = Saving(loaded, tmp_path)
    size = loaded.count(PROMPT) + 2
    list(loaded.generate(GenerateRequest("another beginning", max_tokens=5, session="kept")))
    written = saving.go_on()
    saving.result()
    loaded.forget_session("kept")
    assert loaded.restore_session("kept", written, KEY, "bound") == size
    assert read(loaded, "kept") == size - 3


@pytest.mark.alone
def test_the_end_does_not_wait_for_it(loaded: ModelClient, tmp_path: Path) -> None:
    saving = Saving(loaded, tmp_path)
    started = time.monotonic()
    loaded.close()
    assert time.monotonic() - started < 1.5
    assert isinstance(saving.result(), Cancelled)


def test_what_is_forgotten_meanwhile_is_not_kept(loaded: ModelClient, tmp_path: Path) -> None:
    """Save, forget, restore: nothing is there, neither in memory nor on the disk."""
    saving = Saving(loaded, tmp_path)
    loaded.forget_session("kept")
    assert saving.result() == 0
    asked: list[int] = []
    restoring = threading.Thread(
        target=lambda: asked.append(loaded.restore_session("kept", saving.file, KEY, "bound"))
    )
    restoring.start()
    saving.go_on().unlink()
    restoring.join(10)
    assert asked == [0]
    assert list(tmp_path.iterdir()) == []
    assert read(loaded, "kept") == 0


def test_a_session_is_restored_as_it_is_saved(loaded: ModelClient, tmp_path: Path) -> None:
    """The keeper is still at work after all that, one after the other."""
    size = loaded.count(PROMPT) + 2
    file = tmp_path / "a.kv"
    saving = Saving(loaded, tmp_path)
    loaded.forget_session("kept")
    read(loaded, "kept")
    again: list[int] = []
    thread = threading.Thread(
        target=lambda: again.append(loaded.save_session("kept", file, KEY, "bound"))
    )
    thread.start()
    time.sleep(0.1)
    assert again == []  # it waits for the first, which nobody wants any more
    saving.go_on()
    thread.join(10)
    assert again == [size]
    loaded.forget_session("kept")
    assert loaded.restore_session("kept", file, KEY, "bound") == size
    assert read(loaded, "kept") == loaded.count(PROMPT) - 1


def test_words_that_are_no_text_bind_as_well(loaded: ModelClient, tmp_path: Path) -> None:
    """They contain names of files, which need not be Unicode."""
    pid = pid_of(loaded)
    file = tmp_path / "a.kv"
    size = loaded.save_session("kept", file, KEY, "name \udcff")
    loaded.forget_session("kept")
    assert loaded.restore_session("kept", file, KEY, "name \udcfe") == 0
    assert loaded.restore_session("kept", file, KEY, "name \udcff") == size
    assert pid_of(loaded) == pid
