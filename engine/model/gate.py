"""Many requests side by side, or one change of the model alone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.05


class Gate:
    """Requests go through together; whoever wants to be alone waits until they have left."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._alone = False
        self._waiting = 0  # for being alone: newcomers let them pass

    @property
    def inside(self) -> int:
        """How many requests are under way."""
        return self._inside

    def enter(self) -> None:
        """Go in; waits while somebody is or wants to be alone."""
        with self._condition:
            while self._alone or self._waiting:
                self._condition.wait()
            self._inside += 1

    def leave(self) -> int:
        """Go out, from any thread; how many are left."""
        with self._condition:
            self._inside -= 1
            self._condition.notify_all()
            return self._inside

    @contextmanager
    def alone(self, meanwhile: Callable[[], None]) -> Iterator[None]:
        """Be the only one; meanwhile: called while waiting for that, many times a second."""
        with self._condition:
            self._waiting += 1
        try:
            while True:
                with self._condition:
                    if not self._alone and not self._inside:
                        self._alone = True
                        break
                meanwhile()
                with self._condition:
                    if self._alone or self._inside:
                        self._condition.wait(POLL_SECONDS)
        finally:
            with self._condition:
                self._waiting -= 1
                self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._alone = False
                self._condition.notify_all()
