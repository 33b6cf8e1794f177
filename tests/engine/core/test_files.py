"""Writing files: the old one or the new one, never a mix, readable by the owner only."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.files import create_atomic, known_os_error, write_atomic


def test_a_file_is_written_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o644)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(KnownError, match="disk is full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_the_folder_is_synced_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_sync(handle: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def note_replace(old: str, new: Path) -> None:
        calls.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_atomic(tmp_path / "a", b"x")
    assert calls == ["file", "rename", "folder"]


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"
    start = threading.Barrier(8)
    won: list[bytes] = []

    def create(data: bytes) -> None:
        start.wait()
        if create_atomic(path, data):
            won.append(data)

    threads = [threading.Thread(target=create, args=(bytes([n]),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [path.read_bytes()]
    assert os.listdir(tmp_path) == ["key"]


def test_creating_works_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert create_atomic(tmp_path / "key", b"first")
    assert not create_atomic(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["key"]


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match=r"Could not write a\.txt: there is no folder .*no\."):
        write_atomic(tmp_path / "no" / "a.txt", b"")


def test_an_unknown_reason_is_given_in_the_systems_words() -> None:
    error = known_os_error("read it", OSError(errno.ELOOP, "Too many levels"))
    assert error.sentence == "Could not read it: Too many levels."
