"""The program that the user has run for every alert that is told."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

_log = logging.getLogger(__name__)

SECONDS = 10.0
"""A program that runs longer is ended."""
_BATCH_FILES = frozenset({".bat", ".cmd"})


class Hook:
    """Runs a program with an alert's title and text as its two arguments.

    There is no shell, so that nothing in them is ever read as a command.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._closed = False
        self._running: subprocess.Popen[bytes] | None = None

    def run(self, program: str, title: str, text: str) -> str:
        """Run a program and wait for its end; a sentence saying what went wrong, or "".

        One at a time.
        """
        with self._turn:
            return self._run(program, title, text)

    def close(self) -> None:
        """End the program that runs; no other is started."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                _end(self._running)

    def _run(self, program: str, title: str, text: str) -> str:
        found = shutil.which(str(Path(program).expanduser()))
        name = Path(program).name
        if found is None:
            return self._failed(f"The program for alerts, {name}, is not there or cannot be run.")
        if Path(found).suffix.lower() in _BATCH_FILES:
            # Windows gives these to a shell, which reads commands in the arguments.
            return self._failed("The program for alerts must not be a batch file.")
        try:
            with self._lock:
                if self._closed:
                    return ""
                self._running = process = subprocess.Popen(
                    [found, title, text],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except OSError as error:
            return self._failed(
                f"The program for alerts, {name}, does not start: {type(error).__name__}."
            )
        try:
            status = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return self._failed(
                f"The program for alerts, {name}, was ended after {self._seconds:g} seconds."
            )
        finally:
            with self._lock:
                self._running = None
        if status and not self._closed:
            return self._failed(f"The program for alerts, {name}, ended with status {status}.")
        return ""

    def _failed(self, sentence: str) -> str:
        _log.warning("%s", sentence)
        return sentence


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all that it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
