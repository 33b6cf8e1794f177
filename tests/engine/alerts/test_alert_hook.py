"""The user's program gets title and text as they are, and cannot hold anything up."""

import sys
import threading
import time
from pathlib import Path

import pytest

from engine.alerts.hook import Hook

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")


def script(folder: Path, body: str, name: str = "told.sh") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_it_is_run_with_title_and_text(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = script(tmp_path, f'printf "%s|" "$#" "$@" > "{out}"', "my script.sh")
    evil = '$(touch pwned); `id` "quoted" \'\n--help'
    assert Hook().run(str(program), evil, "BTC was at $1.00.") == ""
    assert out.read_text() == f"2|{evil}|BTC was at $1.00.|"
    assert not (tmp_path / "pwned").exists()


def test_it_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "exit 0", "ring")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Hook().run("ring", "t", "x") == ""
    assert Hook().run("~/ring", "t", "x") == ""


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("told.sh", "exit 3", "The program for alerts, told.sh, ended with status 3."),
        ("told.bat", "exit 0", "The program for alerts must not be a batch file."),
    ],
)
@pytest.mark.logs("The program for alerts")
def test_what_goes_wrong_is_said_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, body: str, said: str
) -> None:
    assert Hook().run(str(script(tmp_path, body, name)), "t", "x") == said
    assert said in caplog.text


@pytest.mark.logs("The program for alerts")
def test_a_program_that_is_not_there_or_no_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Hook().run(str(tmp_path / "gone"), "t", "x")
    assert gone == "The program for alerts, gone, is not there or cannot be run."
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    assert Hook().run(str(broken), "t", "x") == (
        "The program for alerts, broken, does not start: OSError."
    )
    assert caplog.text.count("WARNING") == 2


@pytest.mark.alone
@pytest.mark.logs("The program for alerts")
def test_one_that_runs_on_is_ended_with_its_children(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alive = tmp_path / "alive"
    program = script(tmp_path, f'(sleep 1; touch "{alive}") &\nsleep 30')
    begun = time.monotonic()
    assert Hook(0.3).run(str(program), "t", "x").endswith("was ended after 0.3 seconds.")
    assert time.monotonic() - begun < 0.9
    assert "0.3 seconds" in caplog.text
    time.sleep(1)
    assert not alive.exists()


def test_closing_ends_the_one_that_runs_and_starts_no_more(tmp_path: Path) -> None:
    began = tmp_path / "began"
    program = str(script(tmp_path, f'touch "{began}"\nsleep 30'))
    hook, said = Hook(20), []
    thread = threading.Thread(target=lambda: said.append(hook.run(program, "t", "x")))
    thread.start()
    while not began.exists():
        time.sleep(0.01)
    hook.close()
    thread.join(60)
    assert said == [""]
    began.unlink()
    assert hook.run(program, "t", "x") == ""
    assert not began.exists()
