"""Not one internet socket is created while Assay imports, answers, watches and backs up."""

import re
import shutil
import subprocess
from pathlib import Path

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


def test_a_whole_session_creates_no_internet_socket(assay: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    file = tmp_path / "rows.csv"
    file.write_text(transactions(3))
    log = tmp_path / "strace"
    prefix: tuple[str, ...] = ()
    if _works("strace", "-f", "true"):
        prefix = ("strace", "-f", "--seccomp-bpf", "-A", "-o", str(log), "-e", "trace=network")
    elif _works("unshare", "-rn", "true"):
        prefix = ("unshare", "-rn")  # then at least everything works where there is no network

    for args, stdin in (
        (("chat",), TALK),
        (("import", file, "--yes"), ""),
        (("ask", "alert me when BTC is above 95000", "--yes"), ""),
        (("watch", "--once"), ""),
        (("backup", tmp_path / "copy"), ""),
    ):
        done = assay(*args, stdin=stdin, prefix=prefix, env={"PYTHONPATH": str(tmp_path)})
        assert done.returncode == 0, (args, done.stdout, done.stderr)

    if log.exists():
        calls = log.read_text()
        assert "+++ exited with 0 +++" in calls
        assert re.findall(r".*AF_INET.*", calls) == []


def _works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
