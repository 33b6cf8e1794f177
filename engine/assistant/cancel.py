"""A stop button that also wakes whatever is being waited for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopped(Exception):
    """The user pressed stop; what was shown by then stays."""


class Cancel(threading.Event):
    """An event whose `set` calls what is attached at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._wake: list[Callable[[], None]] = []

    def set(self) -> None:
        """Asks for a stop; safe from any thread, more than once."""
        super().set()
        with self._lock:
            attached = tuple(self._wake)
        for wake in attached:
            wake()

    def check(self) -> None:
        """Raises Stopped if a stop was asked for."""
        if self.is_set():
            raise Stopped

    @contextmanager
    def attached(self, wake: Callable[[], None]) -> Iterator[None]:
        """Calls `wake` when a stop is asked for within the block, or was already."""
        with self._lock:
            self._wake.append(wake)
        try:
            if self.is_set():
                wake()
            yield
        finally:
            with self._lock:
                self._wake.remove(wake)
