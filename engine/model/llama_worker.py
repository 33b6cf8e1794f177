"""The model child's request loop."""

import os
import queue
import threading
from typing import BinaryIO

from engine.core.errors import Cancelled, KnownError
from engine.model import protocol, sandbox
from engine.model.diagnose import load_cause
from engine.model.llama_api import AbortFlag
from engine.model.llama_model import LoadFailed
from engine.model.llama_sampling import BadRequest
from engine.model.llama_session import Session


class Worker:
    """The request loop; a second thread reads stdin so that a cancel is seen at once."""

    def __init__(self, requests: BinaryIO, events: BinaryIO, sandbox_reason: str) -> None:
        self._requests = requests
        self._events = events
        self._sandbox_reason = sandbox_reason
        self._abort = AbortFlag()
        self._session = Session(self._abort, self._send)
        self._pending: queue.SimpleQueue[protocol.Request] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current = 0  # id of the request being answered
        self._cancelled = 0  # highest id cancelled so far; ids only grow

    def run(self) -> None:
        """Answer requests for ever; the reader ends the process when stdin ends."""
        self._send(protocol.Hello(0, protocol.VERSION))
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            request = self._pending.get()
            with self._lock:
                self._current = request.id
                if self._cancelled < request.id:
                    self._abort.clear()
            self._answer(request)

    def _read(self) -> None:
        while (request := protocol.read_request(self._requests)) is not None:
            if isinstance(request, protocol.Cancel):
                with self._lock:
                    self._cancelled = max(self._cancelled, request.id)
                    if request.id >= self._current:
                        self._abort.set()
            else:
                self._pending.put(request)
        os._exit(0)  # the application is gone or has closed us

    def _send(self, event: protocol.Event) -> None:
        try:
            protocol.write_message(self._events, event)
        except OSError:
            os._exit(0)

    def _answer(self, request: protocol.Request) -> None:
        try:
            self._send(self._result(request))
        except Cancelled:
            self._send(protocol.Failed(request.id, "cancelled", "Stopped.", ""))
        except BadRequest as error:
            self._send(protocol.Failed(request.id, "bad request", str(error), ""))
        except KnownError as error:
            self._send(protocol.Failed(request.id, "known", error.sentence, error.hint))

    def _result(self, request: protocol.Request) -> protocol.Event:
        match request:
            case protocol.Load():
                try:
                    return self._session.load(request)
                except LoadFailed as error:
                    if self._abort.is_set():
                        raise Cancelled from error
                    return protocol.Failed(request.id, load_cause(str(error)), str(error), "")
            case protocol.Generate():
                return self._session.generate(request)
            case protocol.Score():
                return self._session.score(request)
            case protocol.Count():
                return self._session.count(request)
            case protocol.Prove():
                attempts = [] if self._sandbox_reason else sandbox.attempt_all()
                return protocol.Proven(
                    request.id,
                    tuple(attempt.action for attempt in attempts),
                    tuple(attempt.denied for attempt in attempts),
                    self._sandbox_reason,
                )
            case protocol.Cancel():
                raise ValueError("a cancel is never queued")
