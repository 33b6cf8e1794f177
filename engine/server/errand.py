"""A request that the model carries out in one go: vectors, tokens. Its client may go away too."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from engine.core.errors import Cancelled
from engine.server.answers import Desk

T = TypeVar("T")


class Errand(Generic[T]):
    """Work that waits for its turn like an answer, and ends early when nobody wants it any more."""

    def __init__(self, desk: Desk, work: Callable[["Errand[T]"], T]) -> None:
        """work: is given the errand; called on a thread of its own, when it is its turn."""
        self._desk = desk
        self._work = work
        self._lock = threading.Lock()
        self._cancelled = False
        self._stop: Callable[[], None] | None = None

    async def run(self) -> T:
        """What comes of the work. Raises what it raises, Cancelled, ApiError if too many wait."""
        self._desk.enter(self)
        try:
            done: Future[T] = Future()
            done.set_running_or_notify_cancel()
            threading.Thread(target=self._run, args=(done,), name="errand", daemon=True).start()
            return await asyncio.wrap_future(done)
        finally:
            self._desk.leave(self)

    def cancel(self) -> None:
        """End it; from any thread."""
        with self._lock:
            self._cancelled = True
            stop = self._stop
        if stop is not None:
            stop()

    def check(self) -> None:
        """Raise Cancelled if nobody wants it any more."""
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def stoppable(self, stop: Callable[[], None]) -> Iterator[None]:
        """While within, a cancel calls this function."""
        with self._lock:
            self._stop = stop
            cancelled = self._cancelled
        if cancelled:
            stop()
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def _run(self, done: Future[T]) -> None:
        try:
            done.set_result(self._in_turn())
        except BaseException as error:  # noqa: BLE001  (raised again by run)
            done.set_exception(error)

    def _in_turn(self) -> T:
        if not self._desk.take_turn(lambda: self._cancelled):
            raise Cancelled
        try:
            return self._work(self)
        finally:
            self._desk.end_turn()
