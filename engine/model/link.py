"""One child and the requests it is answering."""

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.model import messages, protocol
from engine.model.answers import check_answer
from engine.model.process import ChildProcess

STUCK_SECONDS = 2.0  # how long a cancelled request may take to end

_BEFORE_THE_END = (
    messages.Hello,
    messages.Loading,
    messages.Later,
    messages.Prefill,
    messages.Text,
    messages.Token,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """The child is gone: its exit code (negative = signal) and the end of its log."""

    code: int
    log: str


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Put into an answer to make its reader look up; it means nothing by itself."""


Answer = queue.SimpleQueue[messages.Event | Ended | WakeUp]


@dataclass(slots=True)
class _Pending:
    """A request under way; patience: runs out if it does not end after it was told to."""

    request: messages.Request
    answer: Answer
    on_done: Callable[[], None]
    patience: threading.Timer | None = None

    def rest(self) -> None:
        """Its end is no longer waited for."""
        if self.patience is not None:
            self.patience.cancel()

    def over(self) -> None:
        """Its last event has come."""
        self.rest()
        self.on_done()


class Link:
    """Starts a child and routes its events to the answers of its requests.

    on_end is called on the child's thread when it is gone; states: the one folder the child may
    write to. Raises OSError if it cannot start.
    """

    def __init__(self, on_end: Callable[["Link", Ended], None], states: Path | None = None) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()
        self._pending: dict[int, _Pending] = {}
        self._abandoned: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._ended: Ended | None = None
        self._last_patience: threading.Timer | None = None
        self._child = ChildProcess(self._event, self._end, states)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def is_alive(self) -> bool:
        """Whether the child is running."""
        return self._child.is_alive()

    def request(self, request: messages.Request, on_done: Callable[[], None]) -> Answer:
        """Send a request; events arrive in the answer, the last one being final, Failed or Ended.

        on_done is called once, before the last event is put into the answer. Raises KnownError,
        without a call of on_done, for a request that is too long to be sent.
        """
        answer: Answer = queue.SimpleQueue()
        with self._lock:
            ended = self._ended
            if ended is None:
                self._pending[request.id] = _Pending(request, answer, on_done)
        if ended is not None:
            on_done()
            answer.put(ended)
            return answer
        try:
            self._child.send(request)
        except OSError:
            pass  # a child that is gone is told by _end
        except protocol.TooLarge as error:
            with self._lock:
                pending = self._pending.pop(request.id, None)
            if pending is not None:  # else the child died meanwhile, which _end has told
                pending.rest()
                message = "This text is too long for the model."
                raise KnownError(message, "Use less of it.") from error
        return answer

    def cancel(self, request_id: int) -> None:
        """Ask the child to end a request now; nothing happens if it has ended.

        A child that does not do so is ended itself, unless it is busy with others.
        """
        with self._lock:
            pending = self._pending.get(request_id)
            if pending is None or pending.patience is not None:
                return
            pending.patience = self._patience()
        with contextlib.suppress(OSError):
            self._child.send(messages.Cancel(request_id))

    def abandon(self, request_id: int) -> None:
        """Cancel a request nobody reads any more, at its next event.

        Unlike cancel() this takes no lock, so that it may be called while garbage is collected.
        """
        self._abandoned.put(request_id)

    def cancel_all(self) -> None:
        """Ask the child to end everything it is doing, as it is not needed any more.

        One that does not do so is ended.
        """
        with self._lock:
            if self._last_patience is None and self._ended is None:
                self._last_patience = self._patience()
            numbers = list(self._pending)
        for number in numbers:
            self.cancel(number)

    def kill(self) -> None:
        """End the child at once."""
        self._child.kill()

    def close(self) -> None:
        """End the child; returns when it has ended."""
        self._child.close()

    def _patience(self) -> threading.Timer:
        """The child is ended when it runs out."""
        timer = threading.Timer(STUCK_SECONDS, self.kill)
        timer.daemon = True
        timer.start()
        return timer

    def _event(self, event: messages.Event) -> None:
        if isinstance(event, messages.Hello) and event.version != protocol.VERSION:
            raise protocol.ProtocolError("the child is of another version")
        last = not isinstance(event, _BEFORE_THE_END)
        with self._lock:
            pending = self._pending.get(event.id)
            if pending is not None:
                check_answer(pending.request, event)
                if last:
                    del self._pending[event.id]
        if pending is not None:
            if isinstance(event, messages.Later):
                pending.rest()
                return
            if last:
                pending.over()
            pending.answer.put(event)
        while not self._abandoned.empty():
            self.cancel(self._abandoned.get())

    def _end(self, code: int, log: str) -> None:
        ended = Ended(code, log)
        with self._lock:
            self._ended = ended
            if self._last_patience is not None:
                self._last_patience.cancel()
            pending, self._pending = list(self._pending.values()), {}
        self._on_end(self, ended)
        for one in pending:
            one.over()
            one.answer.put(ended)
