"""Not one internet socket is created while Assay imports, answers, watches and shows its window."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import Run, transactions

TALK = "/demo\nwhat is my portfolio worth?\nwhat is staking\nhow volatile is BTC this year\n"
# Python's own sockets end the program at once; those made by C code are left to the kernel's log.
HOOK = """
import os, sys
def hook(event, args):
    if event == "socket.__new__" and args[1] in (2, 10):
        os.write(2, b"an internet socket in Python")
        os._exit(99)
sys.addaudithook(hook)
"""
# The window as it is started, closed a second after the data folder is open.
WINDOW = """
import sys
from PySide6.QtCore import QTimer
from desktop import app
class Brief(app.App):
    def _opened(self, start):
        super()._opened(start)
        print("demo" if start.simulated else "no demo")
        QTimer.singleShot(1000, self.window.close)
app.App = Brief
sys.exit(app.main())
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "strace"


@pytest.fixture
def prefix(log: Path) -> tuple[str, ...]:
    """What a command is run under to see its sockets."""
    if _works("strace", "-f", "true"):
        return ("strace", "-f", "--seccomp-bpf", "-A", "-o", str(log), "-e", "trace=network")
    if _works("unshare", "-rn", "true"):
        return ("unshare", "-rn")  # then at least everything works where there is no network
    return ()


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """The environment in which Python tells of its own sockets."""
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    return {"PYTHONPATH": str(tmp_path)}


def test_a_whole_session_creates_no_internet_socket(
    assay: Run, tmp_path: Path, prefix: tuple[str, ...], watched: dict[str, str], log: Path
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(transactions(3))
    for args, stdin in (
        (("chat",), TALK),
        (("import", file, "--yes"), ""),
        (("ask", "alert me when BTC is above 95000", "--yes"), ""),
        (("watch", "--once"), ""),
        (("backup", tmp_path / "copy"), ""),
    ):
        done = assay(*args, stdin=stdin, prefix=prefix, env=watched)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
    _no_internet_socket(log)


def test_a_window_creates_no_internet_socket(
    assay: Run, prefix: tuple[str, ...], watched: dict[str, str], log: Path
) -> None:
    assert assay("demo").returncode == 0
    program = (sys.executable, "-c", WINDOW)
    screen = {"QT_QPA_PLATFORM": "offscreen"}

    done = assay(program=program, prefix=prefix, env=watched | screen)

    assert (done.returncode, done.stdout) == (0, "demo\n"), done.stderr
    _no_internet_socket(log)


def _no_internet_socket(log: Path) -> None:
    if log.exists():
        calls = log.read_text()
        assert "+++ exited with 0 +++" in calls
        assert re.findall(r".*AF_INET.*", calls) == []


def _works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
