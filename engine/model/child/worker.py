"""The model child's request loop."""

import os
import queue
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from engine.core.errors import Cancelled, KnownError
from engine.model import messages, protocol, sandbox
from engine.model.child.api import AbortFlag
from engine.model.child.keeper import Keeper
from engine.model.child.model import LoadFailed
from engine.model.child.sampling import BadRequest
from engine.model.child.scheduler import Scheduler, Task
from engine.model.child.session import BadToken, Session
from engine.model.child.tasks import TooLong
from engine.model.diagnose import load_cause
from engine.model.messages import Failed


class Worker:
    """The request loop; a second thread reads stdin so that a cancel is seen at once."""

    def __init__(self, requests: BinaryIO, events: BinaryIO, locked: sandbox.Locked) -> None:
        self._requests = requests
        self._events = events
        self._locked = locked
        self._abort = AbortFlag()
        self._session: Session | None = None
        self._scheduler: Scheduler | None = None
        self._keeper: Keeper | None = None
        # What the decoding thread is to do: answer a request, or something that came up elsewhere.
        self._pending: queue.SimpleQueue[messages.Request | Callable[[], None]]
        self._pending = queue.SimpleQueue()
        self._adapting: list[messages.Adapt] = []  # until nothing is being answered
        self._lock = threading.Lock()
        self._open: set[int] = set()  # ids of requests that were read and have no end yet
        self._cancelled: set[int] = set()  # those of them that are to end
        self._current: frozenset[int] = frozenset()  # whom the step that is computed now is for
        self._was_cut = False  # the last step that was shared
        # Whether a step that is broken off costs its other sequences no more than that step.
        self._cuttable = True
        self._writing = threading.Lock()

    def run(self) -> None:
        """Answer requests for ever; the reader ends the process when stdin ends."""
        self._send(messages.Hello(0, protocol.VERSION))
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            try:
                while True:
                    idle = not self._is_busy() and not self._adapting
                    next_one = self._pending.get(block=idle)
                    if callable(next_one):
                        next_one()
                    else:
                        self._begin(next_one)
            except queue.Empty:
                pass
            if self._is_busy():
                assert self._scheduler is not None
                self._scheduler.step()
            while self._adapting and not self._is_busy():
                self._begin(self._adapting.pop(0))

    def _is_busy(self) -> bool:
        return self._scheduler is not None and self._scheduler.busy

    def _read(self) -> None:
        while (request := protocol.read_request(self._requests)) is not None:
            if isinstance(request, messages.Cancel):
                self._cancel(request.id)
            else:
                with self._lock:
                    self._open.add(request.id)
                self._pending.put(request)
        os._exit(0)  # the application is gone or has closed us

    def _cancel(self, number: int) -> None:
        """Break off the step that is computed now if it is for this request; else it waits."""
        with self._lock:
            if number not in self._open:
                return
            self._cancelled.add(number)
            self._pending.put(self._sweep)
            waits = bool(self._current) and not self._is_cut()
            if self._is_cut():
                self._abort.set()
        if waits:
            self._send(messages.Later(number))

    def _is_cut(self) -> bool:
        """Whether the step under way is to be broken off.

        The others it is for lose it as well. They must not lose the next one too, or requests that
        come and go would keep them from ever getting on.
        """
        if self._cuttable and not self._was_cut:
            return not self._current.isdisjoint(self._cancelled)
        return bool(self._current) and self._current <= self._cancelled

    @contextmanager
    def _computing(self, numbers: Collection[int]) -> Iterator[None]:
        """What is computed within is broken off when these requests are cancelled."""
        with self._lock:
            self._current = frozenset(numbers)
            if self._is_cut():
                self._abort.set()
        try:
            yield
        finally:
            with self._lock:
                if len(self._current) > 1:
                    self._was_cut = self._abort.is_set()
                self._current = frozenset()
                self._abort.clear()

    def _sweep(self) -> None:
        """End what was cancelled."""
        with self._lock:
            cancelled = list(self._cancelled)
        if self._scheduler is not None and self._keeper is not None:
            for number in cancelled:
                self._scheduler.cancel(number)
                self._keeper.cancel(number)

    def _begin(self, request: messages.Request) -> None:
        """Answer a request, or hand it to the scheduler."""
        try:
            with self._lock:
                if request.id in self._cancelled:
                    raise Cancelled
            match request:
                case messages.Load():
                    self._finish(request.id, self._load(request))
                case messages.Prove():
                    self._finish(request.id, self._prove(request))
                case messages.Generate() | messages.Score() | messages.Embed():
                    work = self._ready().work(request)
                    assert self._scheduler is not None
                    self._scheduler.add(Task(request.id, request.priority, work))
                case messages.Adapt() if self._is_busy():
                    self._adapting.append(request)  # what was read belongs to the old weights
                case messages.Save():
                    with self._computing((request.id,)):
                        self._keeping().save(request)
                case messages.Restore():
                    self._keeping().restore(request)
                case _:
                    event = self._ready().answer(request)
                    if isinstance(request, messages.Adapt):
                        self._keeping().outdated()
                    if isinstance(request, messages.Forget):
                        self._keeping().forget(request.session)
                    self._finish(request.id, event)
        except Exception as error:  # noqa: BLE001  (sorted by _finish; a bug goes on from there)
            self._finish(request.id, error)

    def _load(self, request: messages.Load) -> messages.Event:
        with self._computing((request.id,)):
            try:
                self._session = Session(request, self._abort, self._send)
            except LoadFailed as error:
                if self._abort.is_set():
                    raise Cancelled from error
                return Failed(request.id, load_cause(str(error)), str(error), "")
        context = self._session.context
        self._cuttable = context.partial
        self._scheduler = Scheduler(
            context,
            self._session.pool,
            lambda task, result: self._finish(task.id, result),
            self._computing,
        )
        self._keeper = Keeper(self._session.pool, self._finish, self._pending.put)
        return messages.Loaded(request.id, context.n_ctx)

    def _prove(self, request: messages.Prove) -> messages.Event:
        attempts = self._locked.attempts()
        return messages.Proven(
            request.id,
            tuple(attempt.action for attempt in attempts),
            tuple(attempt.denied for attempt in attempts),
            self._locked.reason,
        )

    def _ready(self) -> Session:
        if self._session is None:
            raise ValueError("a request before the load")
        return self._session

    def _keeping(self) -> Keeper:
        if self._keeper is None:
            raise ValueError("a request before the load")
        return self._keeper

    def _finish(self, number: int, result: messages.Event | Exception) -> None:
        """Send a request's last event. What is no error of the user's world ends the process."""
        match result:
            case Cancelled():
                event: messages.Event = Failed(number, "cancelled", "Stopped.", "")
            case BadRequest():
                event = Failed(number, "bad request", str(result), "")
            case UnicodeEncodeError():  # half a character, wherever in the request it was
                event = Failed(number, "bad request", "a text that is not Unicode", "")
            case BadToken():
                event = Failed(number, "bad request", "no such token", "")
            case TooLong():
                event = Failed(number, "context", str(result), "")
            case KnownError():
                event = Failed(number, "known", result.sentence, result.hint)
            case Exception():
                raise result
            case _:
                event = result
        with self._lock:
            self._open.discard(number)
            self._cancelled.discard(number)
        try:
            self._send(event)
        except protocol.TooLarge:
            hint = "Use less of it."
            self._send(Failed(number, "known", "This text is too long for the model.", hint))

    def _send(self, event: messages.Event) -> None:
        try:
            with self._writing:
                protocol.write_message(self._events, event)
        except OSError:
            os._exit(0)
