"""One run of a command: progress towards the person, cancellation from them."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator

from engine.core.errors import Cancelled

Listener = Callable[[float, str], None]


class Interrupted(Cancelled):
    """Stopped, but what was done so far is kept: the same command goes on from there."""


class Task:
    """A running command's line to its owner.

    listener: is told how far the work is (0…1) and what it is at.
    """

    def __init__(self, listener: Listener) -> None:
        self.report: Listener = listener
        self._stopped = False
        self._child: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raise Cancelled if the run was stopped; call it often."""
        if self._stopped:
            raise Cancelled

    def stop(self) -> None:
        """End the run at its next check, its child process at once; safe in a signal handler."""
        self._stopped = True
        if self._child is not None:
            self._child.kill()

    @contextlib.contextmanager
    def part(self, start: float, end: float) -> Iterator[None]:
        """While inside, reports of 0…1 are shown as start…end of the whole run."""
        outer = self.report
        self.report = lambda fraction, text: outer(start + (end - start) * fraction, text)
        try:
            yield
        finally:
            self.report = outer

    @contextlib.contextmanager
    def running(self, child: "subprocess.Popen[bytes]") -> Iterator[None]:
        """While inside, stop() kills the child; it never outlives the block."""
        self._child = child
        try:
            self.check()
            yield
        finally:
            child.kill()
            child.wait()
            self._child = None
