"""What the notes in a folder say of its run, whoever has written them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training_runs import process
from engine.training_runs.known import KnownRuns, Start
from engine.training_runs.process import EXIT, LOG, PROCESS, Process, began, interrupt, read_process
from engine.training_runs.run import read_run


def note(folder: Path, pid: int, when: str, asked: bool = False) -> None:
    process._note(folder, Process(pid, when, asked))


@pytest.mark.parametrize(
    ("status", "log", "state", "text"),
    [
        ("0", "Reached the end\n", "finished", "Reached the end"),
        ("3", "Stopped; saved x\n\n", "stopped", "Stopped; saved x"),
        ("-2", "", "stopped", ""),
        ("-15", "", "stopped", ""),
        ("1", "a\nassay-train: It is wrong. Mend it.", "failed", "It is wrong. Mend it."),
        ("2", "", "failed", "It ended with status 2."),
        ("-9", "step 1\n", "failed", "(signal 9)"),
        ("", "step 1\n", "failed", "perhaps because the memory was full"),
        ("x", "", "failed", "perhaps"),
    ],
)
def test_how_a_run_has_ended(tmp_path: Path, status: str, log: str, state: str, text: str) -> None:
    note(tmp_path, 2**22 + 1, "long ago")
    (tmp_path / LOG).write_text(log)
    if status:
        (tmp_path / EXIT).write_text(status)
    run = read_run(tmp_path, "sft")
    assert run.state == state
    assert text in run.text


def test_a_run_that_ended_unheard_after_it_was_asked_to_has_stopped(tmp_path: Path) -> None:
    note(tmp_path, 2**22 + 1, "long ago", asked=True)
    assert read_run(tmp_path, "sft").state == "stopped"


def test_a_folder_that_is_gone_or_empty_says_so(tmp_path: Path) -> None:
    assert "not there any more" in read_run(tmp_path / "gone", "sft").text
    assert "holds no run" in read_run(tmp_path, "sft").text


def test_another_program_with_the_number_of_a_run_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        note(tmp_path, other.pid, "an hour ago")
        assert read_run(tmp_path, "sft").state == "failed"
        interrupt(tmp_path)
        assert other.poll() is None
        note(tmp_path, other.pid, began(other.pid))
        assert read_run(tmp_path, "sft").state == "running"
        other.communicate(b"\n")
    assert other.returncode == 0
    assert read_run(tmp_path, "sft").state == "failed"


def test_a_process_that_has_ended_but_is_not_reaped_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        assert began(ended.pid)
        assert ended.stdout is not None
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert began(ended.pid) == ""
    assert began(2**22 + 1) == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1, "began": "x"}', "[" * 50_000,
                                  '{"pid": "7", "began": "x"}', '{"pid": 7, "began": 5}',
                                  '{"pid": -7, "began": "x"}'])  # fmt: skip
def test_notes_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / PROCESS).write_text(text)
    assert read_process(tmp_path) is None
    assert read_run(tmp_path, "sft").state == "failed"


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=30))
def test_any_bytes_are_read(
    tmp_path_factory: pytest.TempPathFactory, noted: bytes, log: bytes, status: bytes
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for name, content in ((PROCESS, noted), (LOG, log), (EXIT, status)):
        (folder / name).write_bytes(content)
    assert not read_run(folder, "sft").is_running


def test_known_runs_are_kept_in_order(tmp_path: Path) -> None:
    known = KnownRuns(tmp_path / "training" / "runs.json")
    assert known.all() == {}
    first, second = tmp_path / "a b", tmp_path / "b"
    start = Start("lora", "sft", "/r/lora.toml", {"model": "/m", "held_out": ""}, "90m")
    known.put(first, start)
    known.put(second, Start("sft", "sft", "/r/sft.toml", {}, ""))
    again = KnownRuns(tmp_path / "training" / "runs.json")
    assert list(again.all()) == [first, second]
    assert again.all()[first].arguments(first) == [
        "sft", "--recipe", "/r/lora.toml", "--until=90m", "--model=/m", "--held_out=",
        f"--out={first}",
    ]  # fmt: skip
    again.forget(first)
    assert list(known.all()) == [second]
    (tmp_path / "training" / "runs.json").write_text('{"x": {"recipe": 1')
    assert known.all() == {}


def test_the_child_passes_signals_on_even_very_early_ones(tmp_path: Path) -> None:
    """Sent before it can have started anything, the signal ends the command or it itself."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(
        [sys.executable, "-m", "engine.training_runs.child", tmp_path, *command],
        cwd=Path(process.__file__).parents[2],
        stderr=subprocess.DEVNULL,
    )
    child.send_signal(signal.SIGINT)
    child.wait(timeout=150)
    assert process.exit_status(tmp_path) in (None, -signal.SIGINT, 1)
