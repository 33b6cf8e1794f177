"""How far an import is, on a terminal and nowhere else."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from engine.cli.progress import progress_line
from engine.core.events import JobProgress
from tests.engine.cli.conftest import ASSAY, Run


@pytest.mark.parametrize(
    ("command", "file", "read", "stored"),
    [
        ("import", "purchases", "0 rows read", "0 of 2 rows stored"),
        ("prices", "prices", "0 rows read", "0 of 2 rows stored"),
    ],
)
def test_a_terminal_shows_rows_read_and_stored(
    request: pytest.FixtureRequest, command: str, file: str, read: str, stored: str
) -> None:
    path: Path = request.getfixturevalue(file)
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen, open(theirs, "wb") as terminal:
        done = subprocess.run(
            [*ASSAY, command, path, "--yes"],
            env=os.environ | {"TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=terminal,
            timeout=60,
            check=True,
        )
        shown = screen.read(10_000).decode()
    assert f"{read} · Reading {path.name}" in shown
    assert f"{stored} · Storing {path.name}" in shown
    assert shown.endswith("\r\x1b[K")
    assert b"rows read" not in done.stdout


def test_a_pipe_is_told_nothing(processes: Run, purchases: Path) -> None:
    assert processes("import", purchases, "--yes").stderr == ""


def test_a_line_of_progress() -> None:
    event = JobProgress("job-1", "Reading trades.csv", 0.137, "120,000 rows read", done=False)
    assert progress_line(event) == "14 %  120,000 rows read · Reading trades.csv"
