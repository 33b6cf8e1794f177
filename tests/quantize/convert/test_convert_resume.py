"""A conversion that was interrupted goes on where it was, and ends in the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dying_convert import Now
from tiny_models import edit_json, make_adapter

from engine.core.errors import KnownError
from engine.core.locks import lock
from quantize.convert import convert, draft
from quantize.task import Interrupted, Task

DYING = Path(__file__).with_name("dying_convert.py")
TENSORS = 35


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "SECONDS", 0)
    monkeypatch.setattr(draft, "ThreadPoolExecutor", Now)
    monkeypatch.setattr("quantize.convert._verify", lambda *_: (1, 0))  # is tested elsewhere


def kill_at(
    folder: Path, target: Path, place: str, name: str, at: int, split: tuple[str, ...] = ()
) -> None:
    """Run a conversion that ends itself with SIGKILL."""
    arguments = (place, name, str(at), str(folder), str(target), *split)
    done = subprocess.run(
        [sys.executable, str(DYING), *arguments],
        check=False,
        timeout=60,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(draft.__file__).parents[2])},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def blocks(folder: Path, target: Path, **settings: Any) -> int:
    """How many blocks a conversion writes; every tensor is one."""
    steps: list[float] = []
    settings = {"kind": "F16"} | settings
    convert(folder, target, task=Task(lambda fraction, _: steps.append(fraction)), **settings)
    return len(steps)


def files(folder: Path) -> dict[str, bytes]:
    """All files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def whole(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an uninterrupted conversion."""
    path = tmp_path_factory.mktemp("whole") / "out.gguf"
    convert(shared_folder, path, "F16", Task(lambda _fraction, _text: None))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("place", "name", "at", "left"),
    [
        ("draft", "write_tensor", 20, TENSORS - 19),
        ("os", "fsync", 5, TENSORS - 2),  # two each time, of the part and of what is noted
        ("os", "replace", 1, 0),
    ],
)
def test_killed(
    shared_folder: Path,
    tmp_path: Path,
    whole: bytes,
    place: str,
    name: str,
    at: int,
    left: int,
) -> None:
    target = tmp_path / "out.gguf"
    kill_at(shared_folder, target, place, name, at)
    assert names(tmp_path) == [".out.gguf.part", ".out.gguf.state"]
    part = tmp_path / ".out.gguf.part"
    with open(part, "ab") as file:  # what was written after the last note counts for nothing
        file.write(b"nonsense")
    assert blocks(shared_folder, target) == left
    assert files(tmp_path) == {"out.gguf": whole}


def test_killed_between_names(shared_folder: Path, tmp_path: Path) -> None:
    """The first of several files, by which the others are found, appears last."""
    for folder in ("plain", "killed"):
        (tmp_path / folder).mkdir()
    blocks(shared_folder, tmp_path / "plain" / "out.gguf", split=500_000)
    expected = files(tmp_path / "plain")
    target = tmp_path / "killed" / "out.gguf"
    kill_at(shared_folder, target, "os", "replace", 3, ("--split", "500000"))
    assert "out-00001-of-00010.gguf" in expected
    assert "out-00010-of-00010.gguf" in names(target.parent)
    assert "out-00001-of-00010.gguf" not in names(target.parent)
    blocks(shared_folder, target, split=500_000)
    assert files(target.parent) == expected


def test_killed_in_the_third_of_several_files(shared_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.gguf"
    kill_at(shared_folder, target, "draft", "write_tensor", 17, ("--split", "500000"))
    assert ".out-00003-of-00010.gguf.part" in names(tmp_path)
    assert blocks(shared_folder, target, split=500_000) == TENSORS - 16
    found = files(tmp_path)
    assert len(found) == 10
    (tmp_path / "again").mkdir()
    assert blocks(shared_folder, tmp_path / "again" / "out.gguf", split=500_000) == TENSORS
    assert files(tmp_path / "again") == found


def stop(folder: Path, target: Path, at: str) -> None:
    """Stop a conversion when it writes a tensor."""
    task = Task(lambda _fraction, text: task.stop() if at in text else None)
    with pytest.raises(Interrupted):
        convert(folder, target, "F16", task)


def test_stopped(folder: Path, whole: bytes) -> None:
    target = folder.parent / "out.gguf"
    target.write_bytes(b"old")
    stop(folder, target, "blk.1.ffn_up")
    assert target.read_bytes() == b"old"
    assert names(folder.parent) == [".out.gguf.part", ".out.gguf.state", "model", "out.gguf"]
    stop(folder, target, "blk.2.ffn_up")
    assert blocks(folder, target) < TENSORS / 3
    assert len(target.read_bytes()) == len(whole)  # its name is the copied folder's
    assert names(folder.parent) == ["model", "out.gguf"]


def test_noted_beside_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in earnest, by another thread, which is behind by as much as the disk is slow."""
    monkeypatch.setattr(draft, "ThreadPoolExecutor", ThreadPoolExecutor)
    target, clean = folder.parent / "out.gguf", folder.parent / "clean.gguf"
    stop(folder, target, "output_norm")
    assert blocks(folder, target) < TENSORS
    blocks(folder, clean)
    assert target.read_bytes() == clean.read_bytes()


@pytest.mark.parametrize("change", ["touch", "config", "type", "damage", "short"])
def test_what_differs_is_begun_anew(folder: Path, change: str) -> None:
    target = folder.parent / "out.gguf"
    stop(folder, target, "blk.1.ffn_up")
    part, state = (folder.parent / f".out.gguf.{end}" for end in ("part", "state"))
    if change == "touch":
        os.utime(folder / "model.safetensors", ns=(1, 1))
    elif change == "config":
        edit_json(folder / "config.json", lambda it: it.update(rms_norm_eps=1e-4))
    elif change == "damage":
        state.write_bytes(b"\xff" * 99)
    elif change == "short":
        os.truncate(part, 1000)
    kind = "F32" if change == "type" else "F16"
    assert blocks(folder, target, kind=kind) == TENSORS
    clean = folder.parent / "clean.gguf"
    blocks(folder, clean, kind=kind)
    assert target.read_bytes() == clean.read_bytes()


def test_parts_of_another_split_are_removed(folder: Path) -> None:
    target = folder.parent / "out.gguf"
    task = Task(lambda _fraction, text: task.stop() if "blk.1.ffn_up" in text else None)
    with pytest.raises(Interrupted):
        convert(folder, target, "F16", task, split=500_000)
    (folder.parent / ".other.gguf.part").write_bytes(b"another's")
    assert blocks(folder, target) == TENSORS
    assert names(folder.parent) == [".other.gguf.part", "model", "out.gguf"]


def test_errors_leave_nothing(folder: Path) -> None:
    """What can never be finished is not kept."""
    target = folder.parent / "out.gguf"

    def cut(_fraction: float, text: str) -> None:
        if "blk.1.ffn_up" in text:
            os.truncate(folder / "model.safetensors", 100_000)

    with pytest.raises(KnownError, match="cut off"):
        convert(folder, target, "F16", Task(cut))
    assert names(folder.parent) == ["model"]


def test_a_full_disk_keeps_what_there_is(
    shared_folder: Path, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.gguf"
    stop(shared_folder, target, "blk.1.ffn_up")
    usage = type("Usage", (), {"free": 1000})
    with monkeypatch.context() as inside:
        inside.setattr("quantize.output.shutil.disk_usage", lambda _path: usage)
        with pytest.raises(KnownError, match=r"only 1\.0 kB are free"):
            blocks(shared_folder, target)
    assert blocks(shared_folder, target) < TENSORS / 2
    assert files(tmp_path) == {"out.gguf": whole}


def test_only_one_at_a_time(shared_folder: Path, tmp_path: Path, task: Task) -> None:
    with open(tmp_path / ".out.gguf.state", "wb") as file:
        lock(file)
        with pytest.raises(KnownError, match="being written already"):
            convert(shared_folder, tmp_path / "out.gguf", "F16", task)
    convert(shared_folder, tmp_path / "out.gguf", "F16", task)
    assert names(tmp_path) == ["out.gguf"]


def test_an_adapter_is_part_of_the_key(shared_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shared_folder, tmp_path / "model"))
    make_adapter(folder, tmp_path / "adapter")
    target, adapter = tmp_path / "out.gguf", tmp_path / "adapter"
    task = Task(lambda _fraction, text: task.stop() if "blk.1.ffn_up" in text else None)
    with pytest.raises(Interrupted):
        convert(folder, target, "F16", task, adapter)
    edit_json(adapter / "adapter_config.json", lambda it: it.update(lora_alpha=1))
    assert blocks(folder, target, adapter=adapter) == TENSORS
