"""Writes and reads kept states on a thread of its own: disks are slow, answers do not wait."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.core.errors import Cancelled, KnownError
from engine.model.child.pool import Pool
from engine.model.child.state_layout import State
from engine.model.child.vault import Permit, load_state, save_state
from engine.model.messages import Event, Kept, Restore, Save


@dataclass(eq=False, slots=True)
class _Errand:
    """A file to write or to read. state: what it holds, with its tokens, None until it was read
    and where it is not there; error: why that failed."""

    request: Save | Restore
    state: tuple[list[int], State] | None = None
    error: Exception | None = None
    permit: Permit = field(default_factory=Permit)


class Keeper:
    """Keeps sessions of a pool in files, one after the other, so those of a session keep their
    order.

    finish(request id, event or error) is called at each request's end. Everything happens on the
    caller's thread but the disk's part; later(function) is to call a function there.
    """

    def __init__(
        self,
        pool: Pool,
        finish: Callable[[int, Event | Exception], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._pool = pool
        self._finish = finish
        self._later = later
        self._errands: queue.SimpleQueue[_Errand] = queue.SimpleQueue()
        self._open: dict[int, _Errand] = {}
        self._thread: threading.Thread | None = None

    def save(self, request: Save) -> None:
        """Copy a session's state and begin to write it. Raises KnownError."""
        try:
            found = self._pool.snapshot(request.session)
        except MemoryError as error:
            raise KnownError(
                "There is not enough free memory to keep what the model has read.",
                "Close other programs.",
            ) from error
        if found is None:
            self._finish(request.id, Kept(request.id, 0))
        else:
            self._begin(_Errand(request, found))

    def restore(self, request: Restore) -> None:
        """Begin to read a session's file, unless the session is there."""
        if held := self._pool.held(request.session):
            self._finish(request.id, Kept(request.id, held))
        else:
            self._begin(_Errand(request))

    def cancel(self, number: int) -> None:
        """End a request now, whatever the disk is doing: nothing is changed any more."""
        self._drop(number, Cancelled())

    def forget(self, session: str) -> None:
        """A session is forgotten: no file of it is written, none that was read comes back."""
        for number, errand in list(self._open.items()):
            if errand.request.session == session:
                self._drop(number, Kept(number, 0))

    def outdated(self) -> None:
        """The model is no longer the same: what is being read does not belong to it."""
        for number, errand in list(self._open.items()):
            if isinstance(errand.request, Restore):
                sentence = "What the model had read of this chat does not fit it any more."
                self._drop(number, KnownError(sentence, "It is read again."))

    def _begin(self, errand: _Errand) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._open[errand.request.id] = errand
        self._errands.put(errand)

    def _drop(self, number: int, result: Event | Exception) -> None:
        errand = self._open.pop(number, None)
        if errand is not None:
            errand.permit.withdraw()
            self._finish(number, result)

    def _run(self) -> None:
        while True:
            errand = self._errands.get()
            try:
                _carry_out(errand)
            except Exception as error:  # noqa: BLE001  (sorted by who gets it: the request's end)
                errand.error = error
            self._later(lambda done=errand: self._done(done))  # type: ignore[misc]

    def _done(self, errand: _Errand) -> None:
        request = errand.request
        if self._open.pop(request.id, None) is None:
            return  # it was told its end before
        if errand.error is not None:
            self._finish(request.id, errand.error)
            return
        tokens = 0 if errand.state is None else len(errand.state[0])
        if isinstance(request, Restore):
            if errand.state is not None and not self._pool.held(request.session):
                self._pool.put(request.session, *errand.state)
            tokens = self._pool.held(request.session)
        self._finish(request.id, Kept(request.id, tokens))


def _carry_out(errand: _Errand) -> None:
    request, permit = errand.request, errand.permit
    path, key = Path(request.path), bytes.fromhex(request.key)
    if isinstance(request, Restore):
        errand.state = load_state(path, key, request.bound, permit)
    elif errand.state is not None:
        save_state(path, key, request.bound, *errand.state, permit)
