"""An answer in the making: text to iterate over, a way to stop it, figures at its end."""

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from engine.core.errors import Cancelled, KnownError
from engine.model import protocol
from engine.model.diagnose import death_sentence
from engine.model.link import Answer, Ended, Link, WakeUp

CANCEL_SECONDS = 0.08  # how long a cancelled answer waits for its figures

Finish = Literal["stop", "length", "cancelled"]


class ModelDied(KnownError):
    """The child ended while it was answering; what it had said before is kept."""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What to continue, and how.

    prompt: the whole rendered text; grammar: GBNF with a rule "root", or None; stop: texts that
    end the answer and are not part of it; max_tokens: 0 only reads the prompt into memory;
    temperature: 0 takes the likeliest token; top_k: 0 = all; seed: of the draw.
    """

    prompt: str
    grammar: str | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    top_k: int = 20
    top_p: float = 0.95
    min_p: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a finished answer.

    cached_tokens: part of the prompt that was still in memory; seconds: after the prompt.
    """

    prompt_tokens: int
    cached_tokens: int
    tokens: int
    prompt_seconds: float
    seconds: float
    finish: Finish


def failure(event: protocol.Failed) -> Exception:
    """The exception for a refused request."""
    if event.kind == "cancelled":
        return Cancelled()
    if event.kind == "bad request":
        return ValueError(event.sentence)
    return KnownError(event.sentence, event.hint)


class Generation(Iterator[str]):
    """Yields the answer's text as it comes; `stats` is set when it has ended.

    Raises ModelDied after the last text if the child died (one that dies before the first is
    replaced and asked again, once), KnownError if it refused, ValueError
    for a malformed grammar.
    on_progress(done, total): prompt tokens read so far. cancel() may come from any thread.
    """

    def __init__(
        self,
        request_id: int,
        begin: Callable[[], tuple[Link, Answer] | None],
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        """begin() sends the request; called again it sends it to a new child, or says None."""
        started = begin()
        assert started is not None
        self.stats: Stats | None = None
        self._link, self._answer = started
        self._id = request_id
        self._begin = begin
        self._retried = False
        self._on_progress = on_progress
        self._cancelled_at: float | None = None
        self._ended = False
        self._pieces = 0

    def __next__(self) -> str:
        while not self._ended:
            event = self._next_event()
            match event:
                case protocol.Text():
                    self._pieces += 1
                    if self._cancelled_at is None:
                        return event.text
                case protocol.Prefill():
                    if self._on_progress is not None:
                        self._on_progress(event.done, event.total)
                case protocol.Done():
                    self._finish(event)
                case protocol.Failed():
                    self._ended = True
                    raise failure(event)
                case Ended() if not self._retry():
                    self._ended = True
                    raise ModelDied(*death_sentence(event.code, event.log))
        raise StopIteration

    def cancel(self) -> None:
        """End the iteration within 100 ms, whatever the child is doing."""
        if self._ended or self._cancelled_at is not None:
            return
        self._cancelled_at = time.monotonic()
        self._link.cancel(self._id)
        self._answer.put(WakeUp())

    def __del__(self) -> None:
        # An answer nobody reads must not keep the model busy.
        if hasattr(self, "_link"):
            self.cancel()

    def _retry(self) -> bool:
        """Ask again, once, if the child died before it had said anything."""
        if self._retried or self._pieces:
            return False
        self._retried = True
        started = self._begin()
        if started is None:
            return False
        self._link, self._answer = started
        if self._cancelled_at is not None:
            self._link.cancel(self._id)
        return True

    def _next_event(self) -> protocol.Event | Ended | WakeUp:
        if self._cancelled_at is None:
            return self._answer.get()
        left = self._cancelled_at + CANCEL_SECONDS - time.monotonic()
        try:
            event = self._answer.get(timeout=max(left, 0))
        except queue.Empty:
            event = Ended(0, "")
        if isinstance(event, Ended | protocol.Failed):
            return protocol.Done(self._id, 0, 0, self._pieces, 0.0, 0.0, "cancelled")
        return event

    def _finish(self, done: protocol.Done) -> None:
        self._ended = True
        finish: Finish = "length"
        if self._cancelled_at is not None or done.finish == "cancelled":
            finish = "cancelled"
        elif done.finish == "stop":
            finish = "stop"
        self.stats = Stats(
            done.prompt_tokens,
            done.cached_tokens,
            done.tokens,
            done.prompt_seconds,
            done.seconds,
            finish,
        )
