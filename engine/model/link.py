"""One child and the one request it is answering."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.model import protocol
from engine.model.process import ChildProcess

STUCK_SECONDS = 2.0  # how long a cancelled request may take to end

_LAST = (
    protocol.Loaded,
    protocol.Done,
    protocol.Scores,
    protocol.Counted,
    protocol.Proven,
    protocol.Failed,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """The child is gone: its exit code (negative = signal) and the end of its log."""

    code: int
    log: str


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Put into an answer to make its reader look up; it means nothing by itself."""


Answer = queue.SimpleQueue[protocol.Event | Ended | WakeUp]


@dataclass(frozen=True, slots=True)
class _Pending:
    id: int
    answer: Answer
    on_done: Callable[[], None]


class Link:
    """Starts a child and routes its events to the answer of the current request.

    on_end is called on the child's thread when it is gone. Raises OSError if it cannot start.
    """

    def __init__(self, on_end: Callable[["Link", Ended], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()
        self._pending: _Pending | None = None
        self._cancelled_at: float | None = None  # when the pending request was cancelled
        self._ended: Ended | None = None
        self._child = ChildProcess(self._event, self._end)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def is_alive(self) -> bool:
        """Whether the child is running."""
        return self._child.is_alive()

    def is_stuck(self) -> bool:
        """Whether a cancelled request should have ended long ago."""
        with self._lock:
            since = self._cancelled_at
        return since is not None and time.monotonic() - since > STUCK_SECONDS

    def request(self, request: protocol.Request, on_done: Callable[[], None]) -> Answer:
        """Send a request; events arrive in the answer, the last one being final, Failed or Ended.

        on_done is called once, before the last event is put into the answer.
        """
        answer: Answer = queue.SimpleQueue()
        pending = _Pending(request.id, answer, on_done)
        with self._lock:
            ended = self._ended
            if ended is None:
                self._pending = pending
                self._cancelled_at = None
        if ended is not None:
            on_done()
            answer.put(ended)
            return answer
        with contextlib.suppress(OSError):  # a child that is gone is told by _end
            self._child.send(request)
        return answer

    def cancel(self, request_id: int) -> None:
        """Ask the child to end a request now; nothing happens if it has ended."""
        with self._lock:
            if self._pending is None or self._pending.id != request_id:
                return
            if self._cancelled_at is not None:
                return
            self._cancelled_at = time.monotonic()
        with contextlib.suppress(OSError):
            self._child.send(protocol.Cancel(request_id))

    def cancel_current(self) -> None:
        """Ask the child to end what it is doing."""
        with self._lock:
            pending = self._pending
        if pending is not None:
            self.cancel(pending.id)

    def kill(self) -> None:
        """End the child at once."""
        self._child.kill()

    def close(self) -> None:
        """End the child; returns when it has ended."""
        self._child.close()

    def _event(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Hello) and event.version != protocol.VERSION:
            raise protocol.ProtocolError("the child is of another version")
        last = isinstance(event, _LAST)
        with self._lock:
            pending = self._pending
            if pending is None or pending.id != event.id:
                return
            if last:
                self._pending = self._cancelled_at = None
        if last:
            pending.on_done()
        pending.answer.put(event)

    def _end(self, code: int, log: str) -> None:
        ended = Ended(code, log)
        with self._lock:
            self._ended = ended
            pending, self._pending = self._pending, None
            self._cancelled_at = None
        self._on_end(self, ended)
        if pending is not None:
            pending.on_done()
            pending.answer.put(ended)
