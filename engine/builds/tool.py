"""`assay-quantize` in a process of its own: its JSON lines read, its end awaited, or brought on."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from engine.core.errors import Cancelled, KnownError
from engine.core.files import known_os_error

PROGRAM: tuple[str, ...] = (sys.executable, "-m", "quantize.cli")
LOG = "log.txt"
PATIENCE = 5.0
"""Seconds that the program has for ending by itself."""
_ROOT = Path(__file__).resolve().parents[2]
_LONGEST_LINE = 1 << 22


class Tool:
    """The programs of one build, one after the other; stop() ends the one that runs for good."""

    def __init__(self, folder: Path) -> None:
        """folder: of the build; what the programs complain of is kept there."""
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether the user has stopped it."""
        return self._stopped

    def check(self) -> None:
        """Raise Cancelled if it was stopped."""
        if self._stopped:
            raise Cancelled

    def stop(self, at_once: bool = False) -> None:
        """Ask the program to end, and end it if it does not; at_once: do not ask. Returns soon."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None:
            return
        if at_once:
            process.kill()
            return
        process.terminate()
        last = threading.Timer(PATIENCE, process.kill)
        last.daemon = True
        last.start()

    def run(self, arguments: list[str], tell: Callable[[float, str], None]) -> Mapping[str, Any]:
        """Run it with these words; what it said of its result.

        The calling thread must outlive the program, which the kernel ends with that thread. Raises
        KnownError if it fails, Cancelled if it was stopped.
        """
        command = [*PROGRAM, arguments[0], "--json", *arguments[1:]]
        if os.name != "nt":
            child = [sys.executable, "-m", "engine.builds.child", str(os.getpid())]
            command = [*child, *command]
        try:
            with open(self._folder / LOG, "ab") as log, self._lock:
                self.check()
                process = self._process = subprocess.Popen(
                    command,
                    cwd=_ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,  # a Ctrl-C in the terminal is for us
                )
        except OSError as error:
            raise known_os_error("start assay-quantize", error) from error
        try:
            with process:
                assert process.stdout is not None
                last = _last(process.stdout, tell)
                code = process.wait()
        finally:
            with self._lock:
                self._process = None
        if code or last.get("event") != "result":  # what is done is done, though it was stopped
            self.check()
        return _outcome(last, code, self._folder)


def _last(lines: IO[bytes], tell: Callable[[float, str], None]) -> Mapping[str, Any]:
    """Pass on the progress; the last line."""
    last: Mapping[str, Any] = {}
    while line := lines.readline(_LONGEST_LINE):
        with contextlib.suppress(ValueError, RecursionError):  # noise of a library
            values = json.loads(line)
            if not isinstance(values, dict):
                continue
            if values.get("event") == "progress":
                tell(float(values["fraction"]), str(values["text"]))
            else:
                last = values
    return last


def _outcome(last: Mapping[str, Any], code: int, folder: Path) -> Mapping[str, Any]:
    event = last.get("event")
    if event == "result" and code == 0:
        return {key: value for key, value in last.items() if key != "event"}
    if event == "error":
        raise KnownError(str(last.get("sentence", "")), str(last.get("hint", "")))
    if code < 0:
        raise KnownError(
            f"The system ended it (signal {-code}), perhaps because the memory was full.",
            "Close other programs and go on.",
        )
    raise KnownError(
        "It ended because of an error in Assay.", f"What it wrote is in {folder / LOG}."
    )
