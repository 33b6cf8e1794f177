"""The only place where the engine crosses into Qt: events and results, through one signal.

Events may come from any thread and in bursts. They wait in a queue that the GUI thread empties a
few milliseconds at a time, neighbouring pieces of text joined, so that no burst can freeze it.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal

from engine.core.errors import Cancelled, KnownError
from engine.core.events import Event, EventBus, TextDelta, ThinkDelta
from engine.core.jobs import Job

T = TypeVar("T")

_log = logging.getLogger(__name__)

DRAIN_SECONDS = 0.006
"""Longest time the GUI thread spends on the queue before it looks at the user again."""

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who waits for the result of a call; kept and dropped on the GUI thread only."""

    done: Callable[[Any], object] | None
    failed: Callable[[str], object] | None
    owner: QObject | None


class Call:
    """Something asked of the engine; its result comes back on the GUI thread.

    Worker threads hold calls, so no widget may be in one: the last to let go of a widget destroys
    it, and only the GUI thread may do that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job[Any] | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Neither callback is called any more, and a job behind the call is stopped."""
        with self._lock:
            self.cancelled = True
            job = self._job
        if job is not None:
            job.cancel()

    def follow(self, job: Job[Any]) -> None:
        """Remember the job, so that a cancel reaches it."""
        with self._lock:
            self._job = job
            cancelled = self.cancelled
        if cancelled:
            job.cancel()

    def is_of(self, job_id: str) -> bool:
        """Whether this is the job behind the call."""
        with self._lock:
            return self._job is not None and self._job.id == job_id


class Bridge(QObject):
    """Brings engine events to the GUI thread and runs service calls away from it."""

    received = Signal(object)
    """An engine event, emitted on the GUI thread."""

    failed = Signal(str)
    """A sentence for the user about a call that had no handler of its own for failure."""

    _wake = Signal()

    def __init__(self, bus: EventBus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._queue: deque[Event | Callable[[], None]] = deque()
        self._awake = False
        self._closed = False
        self._waiting: dict[Call, _Waiting] = {}
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="desktop")
        self._wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = bus.subscribe(self._push)

    def run(
        self,
        fn: Callable[[], T],
        done: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
        owner: QObject | None = None,
    ) -> Call:
        """Call fn on another thread and hand its result to done on the GUI thread.

        failed: gets one sentence instead; without it, the `failed` signal does.
        owner: no callback is called after this object is destroyed.
        """
        call = self._waiting_for(done, failed, owner)
        self._start(fn, lambda future: self._settle(call, future))
        return call

    def run_job(
        self,
        fn: Callable[[], Job[T]],
        done: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
        owner: QObject | None = None,
    ) -> Call:
        """The same for a service call that starts a job; done gets the job's result."""
        call = self._waiting_for(done, failed, owner)

        def follow(started: Future[Job[T]]) -> None:
            if _error(started) is None:
                job = started.result()
                call.follow(job)
                job.future.add_done_callback(lambda future: self._settle(call, future))
            else:
                self._settle(call, started)

        self._start(fn, follow)
        return call

    def _waiting_for(
        self,
        done: Callable[[Any], object] | None,
        failed: Callable[[str], object] | None,
        owner: QObject | None,
    ) -> Call:
        call = Call()
        self._waiting[call] = _Waiting(done, failed, owner)
        return call

    def _start(self, fn: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        if not self._closed:
            self._executor.submit(fn).add_done_callback(then)

    def _settle(self, call: Call, future: Future[Any]) -> None:
        """Bring the end of a call to the GUI thread; called on any thread."""
        self._push(lambda: self._deliver(call, future))

    def _deliver(self, call: Call, future: Future[Any]) -> None:
        waiting = self._waiting.pop(call)
        error = _error(future)
        gone = waiting.owner is not None and not shiboken6.isValid(waiting.owner)
        if call.cancelled or gone or isinstance(error, Cancelled | CancelledError):
            return
        if error is not None:
            (waiting.failed or self.failed.emit)(_sentence(error))
        elif waiting.done is not None:
            waiting.done(future.result())

    def close(self) -> None:
        """Stop listening; calls that still run end unheard."""
        with self._lock:
            self._closed = True
            self._queue.clear()
        self._unsubscribe()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._waiting.clear()

    def _push(self, item: Event | Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._queue.append(item)
            if self._awake:
                return
            self._awake = True
            # Inside the lock: once closed, nobody may touch an object that is being destroyed.
            self._wake.emit()

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            item = self._take()
            if item is None:
                return
            if isinstance(item, Event):
                self.received.emit(item)
            else:
                item()
        QTimer.singleShot(0, self._drain)

    def _take(self) -> Event | Callable[[], None] | None:
        """The next item, with the pieces of text that follow it joined on; None if empty."""
        with self._lock:
            if not self._queue:
                self._awake = False
                return None
            item = self._queue.popleft()
            if not isinstance(item, TextDelta | ThinkDelta):
                return item
            pieces = [item.text]
            while self._queue and _joins(item, self._queue[0]):
                following = self._queue.popleft()
                assert isinstance(following, TextDelta | ThinkDelta)
                pieces.append(following.text)
            return replace(item, text="".join(pieces)) if len(pieces) > 1 else item


def _joins(first: TextDelta | ThinkDelta, other: object) -> bool:
    return type(other) is type(first) and getattr(other, "message_id", None) == first.message_id


def _error(future: Future[Any]) -> BaseException | None:
    return CancelledError() if future.cancelled() else future.exception()


def _sentence(error: BaseException) -> str:
    if isinstance(error, KnownError):
        return str(error)
    _log.error("a call failed", exc_info=error)
    return QCoreApplication.translate(
        "Bridge", "This did not work because of an error in Assay. Details are in the log."
    )
