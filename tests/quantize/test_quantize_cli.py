"""The command as programs use it: JSON lines, exit codes, signals, a full disk."""

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tiny_models import TEXT, make_model, make_tokenizer

from engine.model.registry import starter_path
from quantize.convert import convert
from quantize.screen import TextScreen
from quantize.task import Task

Events = list[dict[str, object]]


def run(*arguments: object, file_limit: int | None = None) -> tuple[int, Events]:
    """Run a command with --json; file_limit: no file may grow beyond so many bytes."""
    done = subprocess.run(
        _command(arguments),
        stdout=subprocess.PIPE,
        preexec_fn=lambda: (
            file_limit and resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit,) * 2)
        ),
        check=False,
        timeout=60,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def _command(arguments: Sequence[object]) -> list[str]:
    return [sys.executable, "-m", "quantize.cli", *map(str, arguments), "--json"]


def test_the_whole_way(shared_folder: Path, tmp_path: Path) -> None:
    full, small, text = tmp_path / "full.gguf", tmp_path / "small.gguf", tmp_path / "text"
    text.write_text(TEXT)
    code, events = run("convert", shared_folder, full, "--type", "F16")
    assert code == 0
    assert events[0]["event"] == "progress"
    assert events[-1]["event"] == "result"
    assert events[-1]["type"] == "F16"
    code, events = run("quantize", full, small, "--type", "Q8_0")
    assert code == 0
    assert events[-1]["size"] == small.stat().st_size
    code, events = run("compare", full, small, "--text", text)
    assert code == 0
    (figures,) = events[-1]["files"]  # type: ignore[misc]
    assert 0.9 < figures["comparison"]["agreement"] <= 1
    assert sorted(tmp_path.iterdir()) == [full, small, text]


def test_sentences_for_people(shared_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "quantize.cli"]
    target = str(tmp_path / "out.gguf")
    done = subprocess.run(
        [*command, "convert", str(shared_folder), target],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Converted 35 tensors to F32: ")
    assert done.stderr == ""
    done = subprocess.run(
        [*command, "quantize", str(tmp_path), target, "--type", "Q8_0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_an_error_is_one_event(tmp_path: Path) -> None:
    code, events = run("convert", tmp_path, tmp_path / "out.gguf")
    assert code == 1
    assert [event["event"] for event in events] == ["error"]
    assert events[0]["sentence"] == "The model's folder has no config.json."


def test_a_text_that_is_too_large_is_called_that(tmp_path: Path) -> None:
    """Cut off within a character it would seem not to be UTF-8."""
    text = tmp_path / "text.txt"
    text.write_text("é" * (33 << 20), encoding="utf-8")
    model = starter_path()
    code, events = run("compare", model, model, "--text", text)
    assert (code, events[0]["sentence"]) == (1, "text.txt is larger than 64 MB.")


@pytest.mark.parametrize("limit", [10_000, 1_000_000])
def test_a_full_disk_leaves_nothing(gguf: Path, tmp_path: Path, limit: int) -> None:
    arguments = ("quantize", gguf, tmp_path / "out.gguf", "--type", "Q8_0")
    code, events = run(*arguments, file_limit=limit)
    assert code == 1
    assert events[-1]["event"] == "error"
    assert not list(tmp_path.iterdir())


def test_a_conversion_goes_on_when_there_is_room(
    shared_folder: Path, gguf: Path, tmp_path: Path
) -> None:
    arguments = ("convert", shared_folder, tmp_path / "out.gguf")
    for limit in (10_000, 1_000_000):
        code, events = run(*arguments, file_limit=limit)
        assert code == 1
        assert events[-1]["event"] == "error"
        left = {path.name for path in tmp_path.iterdir()}  # if a second had passed
        assert left in (set(), {".out.gguf.part", ".out.gguf.state"})
    assert run(*arguments)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.gguf"]
    assert (tmp_path / "out.gguf").read_bytes() == gguf.read_bytes()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes seconds to quantize."""
    folder = tmp_path_factory.mktemp("large")
    make_model(folder, intermediate_size=24_576, num_hidden_layers=2)
    make_tokenizer(folder)
    convert(folder, folder / "large.gguf", "F16", Task(lambda _fraction, _text: None))
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", ["convert", "quantize"])
def test_a_signal_stops_it_cleanly(
    large: Path, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    target = tmp_path / "out.gguf"
    arguments: dict[str, tuple[object, ...]] = {
        "convert": ("convert", large, target, "--type", "F32"),
        "quantize": ("quantize", large / "large.gguf", target, "--type", "Q2_K"),
    }
    process = subprocess.Popen(_command(arguments[command]), stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        process.send_signal(number)
        rest = process.stdout.read().splitlines()
    assert process.returncode == 130
    last = json.loads(rest[-1])
    assert last["event"] == "stopped"
    assert bool(list(tmp_path.iterdir())) == last["resumable"]
    assert command == "convert" or not last["resumable"]
    assert not target.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_people_read_the_same_of_both_signals(
    large: Path, tmp_path: Path, number: signal.Signals
) -> None:
    *command, _ = _command(("quantize", large / "large.gguf", tmp_path / "out", "--type", "Q2_K"))
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    with process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not children.read_text():
            time.sleep(0.02)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.read() == b"Stopped. Nothing was written.\n"
    assert process.returncode == 130


def test_progress_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line at each tenth, ten seconds apart at least; a percent takes 2 s, then 0.5 s."""
    now = 0.0
    monkeypatch.setattr("quantize.screen.time.monotonic", lambda: now)
    screen = TextScreen()
    for percent in range(101):
        screen.progress(percent / 100, f"at {percent}")
        now += 2 if percent < 50 else 0.5
    lines = capsys.readouterr().err.splitlines()
    assert [int(line.split()[-1]) for line in lines] == [10, 20, 30, 40, 50, 70, 90]
    assert lines[0] == " 10%  at 10"


def test_a_killed_parent_takes_its_child_along(large: Path, tmp_path: Path) -> None:
    command = _command(("quantize", large / "large.gguf", tmp_path / "out.gguf", "--type", "Q2_K"))
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
    assert len(children) == 1
    with subprocess.Popen(["tail", f"--pid={children[0]}", "-f", "/dev/null"]) as waiter:
        assert waiter.wait(timeout=60) == 0
