"""Answers run on threads; their events come out of one queue on the event loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from engine.core.errors import Cancelled
from engine.model.generation import Stats, TokenLogprob
from engine.server.backend import Answer, OnProgress
from engine.server.errors import unavailable
from engine.server.options import Limits

T = TypeVar("T")

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """Something new of an answer; logprobs: of the tokens that came since the last piece."""

    index: int
    item: T
    logprobs: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How many tokens of the prompt have been read."""

    index: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer's end; logprobs: of tokens without a piece of their own."""

    index: int
    stats: Stats
    logprobs: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that will not be finished, and with it the whole request."""

    error: BaseException


AnyEvent = Piece[T] | Reading | Finished | Failed
Start = Callable[[OnProgress], Answer[T]]


class Cancellable(Protocol):
    """A request that is open."""

    def cancel(self) -> None: ...


class Desk:
    """Counts the requests and lets only so many answers run at once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns = threading.Semaphore(limits.running)
        self._lock = threading.Lock()
        self._open: set[Cancellable] = set()
        self._busy = 0

    @property
    def running(self) -> int:
        """How many answers may run at once."""
        return self._limits.running

    @property
    def busy(self) -> int:
        """How many answers run."""
        return self._busy

    def enter(self, request: Cancellable) -> None:
        """Admit a request; ApiError if too many wait already."""
        with self._lock:
            if len(self._open) >= self._limits.running + self._limits.waiting:
                raise unavailable("Too many requests are waiting; try again in a moment.")
            self._open.add(request)

    def leave(self, request: Cancellable) -> None:
        """A request is over."""
        with self._lock:
            self._open.discard(request)

    def take_turn(self, given_up: Callable[[], bool]) -> bool:
        """Wait until an answer may run; False if it is no longer wanted."""
        while not given_up():
            if self._turns.acquire(timeout=_POLL_SECONDS):
                with self._lock:
                    self._busy += 1
                return True
        return False

    def end_turn(self) -> None:
        """An answer has ended."""
        with self._lock:
            self._busy -= 1
        self._turns.release()

    def cancel_all(self) -> None:
        """End every request that is open."""
        with self._lock:
            requests = list(self._open)
        for one in requests:
            one.cancel()


class Answers(Generic[T]):
    """The answers to one request. Use it as `async with`; leaving it stops what still runs."""

    def __init__(self, desk: Desk, starts: Sequence[Start[T]]) -> None:
        self._desk = desk
        self._starts = deque(enumerate(starts))
        self._count = len(starts)
        self._events: asyncio.Queue[AnyEvent[T]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._live: list[Answer[T]] = []
        self._cancelled = False

    async def __aenter__(self) -> "Answers[T]":
        self.begin()
        return self

    async def __aexit__(self, *args: object) -> None:
        self.close()

    def begin(self) -> None:
        """Start answering; ApiError if too many requests wait already."""
        self._desk.enter(self)
        for number in range(min(self._count, self._desk.running)):
            threading.Thread(target=self._work, name=f"answer-{number}", daemon=True).start()

    def close(self) -> None:
        """Stop what still runs and make room for others."""
        self.cancel()
        self._desk.leave(self)

    def cancel(self) -> None:
        """Stop all answers; may come from any thread."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            live = list(self._live)
        for answer in live:
            answer.cancel()
        self._put(Failed(Cancelled()))

    async def next(self, seconds: float | None = None) -> AnyEvent[T] | None:
        """The next event, None if there was none for so long."""
        try:
            async with asyncio.timeout(seconds):
                return await self._events.get()
        except TimeoutError:
            return None

    def _put(self, event: AnyEvent[T]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        except RuntimeError:
            return  # the server has stopped, and nobody waits for it

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._cancelled or not self._starts:
                    return
                index, start = self._starts.popleft()
            if not self._desk.take_turn(lambda: self._cancelled):
                return
            try:
                self._answer(index, start)
            except BaseException as error:  # noqa: BLE001  (told to the client by the event loop)
                self._put(Failed(error))
                return
            finally:
                self._desk.end_turn()

    def _answer(self, index: int, start: Start[T]) -> None:
        answer = start(lambda done, total: self._put(Reading(index, done, total)))
        with self._lock:
            self._live.append(answer)
            cancelled = self._cancelled
        if cancelled:
            answer.cancel()
        told = 0
        for item in answer:
            known = len(answer.logprobs)
            self._put(Piece(index, item, tuple(answer.logprobs[told:known])))
            told = known
        with self._lock:
            self._live.remove(answer)
        if answer.stats is None or answer.stats.finish == "cancelled":
            raise Cancelled
        self._put(Finished(index, answer.stats, tuple(answer.logprobs[told:])))
