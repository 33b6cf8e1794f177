"""Every command the README shows is a real one, and those of the terminal section run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.resources import resource

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TEXT = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S)
    for line in block.splitlines()
    if line.strip()
]
RUNS_UNTIL_STOPPED = {"chat", "serve", "watch"}


def run(command: list[str], folder: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a console command in a folder, with an empty standard input."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env=os.environ | {"ASSAY_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_readme_shows_commands() -> None:
    assert {"make run", "make test"} <= set(COMMANDS)
    assert sum(command.startswith("assay ") for command in COMMANDS) >= 8


def test_terminal_commands_run(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "trades.csv").write_bytes(resource("demo", "transactions.csv").read_bytes())
    (tmp_path / "history.csv").write_bytes(resource("demo", "prices.csv").read_bytes())
    for command in COMMANDS:
        words = shlex.split(command)
        if words[0] != "assay" or words[1] == "models":
            continue
        if words[1] in RUNS_UNTIL_STOPPED:
            words = [*words, "--help"]
        elif words[1] in ("import", "prices"):
            words = [*words, "--yes"]
        done = run(words, tmp_path, home)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith(("assay-train", "assay-quantize"))]
)
def test_headless_commands_are_known(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)[:2]
    done = run([*words, "--help"], tmp_path, tmp_path)
    assert done.returncode == 0, done.stderr


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert {c.split()[1] for c in COMMANDS if c.startswith("make ")} <= targets


def test_links_point_at_files() -> None:
    missing = [
        link
        for link in re.findall(r"\]\(([^)#]+)\)", TEXT)
        if not link.startswith("http") and not (ROOT / link).exists()
    ]
    assert not missing


@pytest.mark.parametrize("command", re.findall(r"\| `((?:-m )?benchmarks[^`]*)`", TEXT))
def test_measuring_commands_are_known(command: str) -> None:
    words = shlex.split(command)
    program = words[:2] if words[0] == "-m" else words[:1]
    done = subprocess.run(
        [sys.executable, *program, "--help"],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in words if word.startswith("--"))


def test_measuring_commands_are_shown() -> None:
    assert len(re.findall(r"\| `((?:-m )?benchmarks[^`]*)`", TEXT)) >= 5
