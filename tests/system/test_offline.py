"""Not one internet socket is created while Assay imports, answers, watches and backs up."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import Run, transactions

TALK = "/demo\nwhat is my portfolio worth?\nwhat is staking\nhow volatile is BTC this year\n"
HOOK = """
import os, sys
def hook(event, args):
    if event == "socket.__new__" and args[1] in (2, 10):
        os.write(2, b"AF_INET socket in Python")
        os._exit(99)
sys.addaudithook(hook)
"""


def session(assay: Run, tmp_path: Path, **how: object) -> None:
    """A whole session of the command line."""
    file = tmp_path / "rows.csv"
    file.write_text(transactions(3))
    for args, stdin in (
        (("chat",), TALK),
        (("import", file, "--yes"), ""),
        (("ask", "alert me when BTC is above 95000", "--yes"), ""),
        (("watch", "--once"), ""),
        (("backup", tmp_path / "copy"), ""),
    ):
        done = assay(*args, stdin=stdin, **how)
        assert done.returncode == 0, (args, done.stdout, done.stderr)


def can(*command: str) -> bool:
    """Whether this command exists and works here."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can("strace", "-f", "true"), reason="strace cannot be used here")
def test_the_kernel_sees_no_internet_socket(assay: Run, tmp_path: Path) -> None:
    log = tmp_path / "strace"
    trace = ("strace", "-f", "--seccomp-bpf", "-A", "-o", str(log), "-e", "trace=network")

    session(assay, tmp_path, prefix=trace)

    calls = log.read_text()
    assert "+++ exited with 0 +++" in calls
    assert re.findall(r".*AF_INET.*", calls) == []


@pytest.mark.skipif(not can("unshare", "-rn", "true"), reason="unshare cannot be used here")
def test_everything_works_where_there_is_no_network(assay: Run, tmp_path: Path) -> None:
    session(assay, tmp_path, prefix=("unshare", "-rn"))


def test_python_creates_no_internet_socket(assay: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)

    session(assay, tmp_path, env={"PYTHONPATH": str(tmp_path)})
