"""The process of a run: started apart from the window, and known again by when it began."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error, write_atomic

PROCESS, EXIT, LOG = "process.json", "exit.txt", "log.txt"
PROGRAM = (sys.executable, "-m", "training.cli")
_ROOT = Path(__file__).resolve().parents[2]
_LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Process:
    """pid and when it began, as the system says it; asked: whether it was told to stop."""

    pid: int
    began: str
    asked: bool = False

    def is_alive(self) -> bool:
        """Whether it still runs; another program that got its number is not it."""
        return bool(self.began) and began(self.pid) == self.began


def launch(folder: Path, arguments: list[str]) -> None:
    """Run `assay-train` with these arguments in a session of its own. Raises KnownError."""
    if os.name == "nt":
        raise KnownError(
            "The window starts training on Linux and macOS only.",
            "Run `assay-train` in a terminal.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / EXIT).unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.training_runs.child", folder, *PROGRAM, *arguments],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise known_os_error(f"start a run in {folder}", error) from error
    _note(folder, Process(process.pid, began(process.pid)))
    # Somebody must wait for it, or it stays in the table of processes.
    threading.Thread(target=process.wait, name="training-run", daemon=True).start()


def check(arguments: list[str]) -> None:
    """Let `assay-train` look at these arguments; KnownError if it cannot use them.

    Takes seconds: only the program knows its settings, and it loads its libraries first.
    """
    asked = [*PROGRAM, *arguments, "--check"]
    done = subprocess.run(asked, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("assay-train")]
        sentence = said[-1].partition(": ")[2] if said else "The settings could not be checked."
        raise KnownError(sentence)


def interrupt(folder: Path) -> None:
    """Ask the run in a folder to save and stop; harmless where none runs."""
    process = read_process(folder)
    if process is None or not process.is_alive():
        return
    _note(folder, Process(process.pid, process.began, asked=True))
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)


def read_process(folder: Path) -> Process | None:
    """The process noted in a folder; None if there is none, or what is there is no such note."""
    try:
        with (folder / PROCESS).open("rb") as file:
            values = json.loads(file.read(_LARGEST))
        process = Process(**values)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    right = isinstance(process.pid, int) and process.pid > 1 and isinstance(process.began, str)
    return process if right else None


def exit_status(folder: Path) -> int | None:
    """How the last process ended, as subprocess counts it; None if nobody has noted it."""
    try:
        with (folder / EXIT).open("rb") as file:
            return int(file.read(20))
    except (OSError, ValueError):
        return None


def began(pid: int) -> str:
    """When a process began, in the system's words; "" if there is none of this number."""
    if sys.platform != "linux":
        asked = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    # The name of the program, in brackets, may hold anything; state and times follow it.
    state, *others = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{boot} {others[18]}"


def _note(folder: Path, process: Process) -> None:
    write_atomic(folder / PROCESS, json.dumps(asdict(process)).encode())
