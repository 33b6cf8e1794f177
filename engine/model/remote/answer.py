"""An answer coming from another computer."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.core.errors import Cancelled, KnownError
from engine.core.steps import Step
from engine.model.generation import Finish, Stats, TokenLogprob
from engine.model.parsing import Part
from engine.model.remote.faults import broke_off, failed, no_endpoint, refused
from engine.model.remote.reading import Reader
from engine.model.remote.request import Body, simpler
from engine.model.remote.wire import (
    Event,
    Garbage,
    events,
    json_object,
    mapping,
    number,
    sequence,
)

MAX_LINE = 4 << 20
"""Bytes of one event; those with many log-probabilities are large."""
_TRIES = 3
_ERROR_BYTES = 1 << 16


class Incoming(Protocol):
    """What is used of engine.net's Stream."""

    status: int

    @property
    def headers(self) -> "HeaderMap": ...
    def read(self) -> bytes: ...
    def lines(self, longest: int) -> Iterator[bytes]: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class HeaderMap(Protocol):
    """Headers by their names in lower case."""

    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """How to ask, and what to tell whom.

    post: sends a body; simple: told of a body that was accepted where the first was not;
    used: told the prompt's tokens as the server counted them.
    """

    name: str
    model: str
    post: Callable[[Body, Step], Incoming]
    simple: Callable[[Body], None]
    used: Callable[[int], None]
    n_ctx: int = 0


class RemoteAnswer(Iterator[Part]):
    """Yields the parts as they come; `stats` is set when it has ended.

    The request is sent when the first part is asked for. Raises KnownError if it was refused or
    broke off (after the parts that had come), ContextFull if the conversation is too long.
    """

    def __init__(
        self,
        line: Line,
        body: Body,
        tools: frozenset[str],
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """tools: the names of those offered. on_progress: tokens of the prompt read, and all."""
        self._work = _Work(line, body, tools, on_progress)
        self._parts = self._work.parts()

    @property
    def stats(self) -> Stats | None:
        """The figures, once the answer has ended."""
        return self._work.stats

    @property
    def logprobs(self) -> list[TokenLogprob]:
        """Of the tokens so far, where they were asked for."""
        return self._work.reader.logprobs

    def __next__(self) -> Part:
        return next(self._parts)

    def cancel(self) -> None:
        """End the answer and the connection at once, from any thread, without an error."""
        self._work.cancel()

    def __del__(self) -> None:
        # An answer nobody reads must not keep the connection. Not on this thread: garbage is
        # collected on any, even on that which writes the log of requests.
        # While the program ends no thread begins; Python 3.11 would wait for it for ever.
        if hasattr(self, "_parts") and self._work.is_open and not sys.is_finalizing():
            with contextlib.suppress(RuntimeError):  # the same, as later versions say it
                ending = threading.Thread(
                    target=_end, args=(self._work, self._parts), daemon=True, name="net"
                )
                ending.start()


def _end(work: "_Work", parts: Iterator[Part]) -> None:
    work.cancel()
    del parts


class _Work:
    """The exchange behind an answer; apart from it, so that it ends when nobody holds that."""

    def __init__(
        self,
        line: Line,
        body: Body,
        tools: frozenset[str],
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self.stats: Stats | None = None
        self.reader = Reader(tools)
        self._line = line
        self._body = body
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._stream: Incoming | None = None
        self._usage: Event = {}
        self._began = self._first = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection to be ended."""
        return self._stream is not None and self.stats is None

    def cancel(self) -> None:
        """As RemoteAnswer.cancel."""
        self._cancelled.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    def parts(self) -> Iterator[Part]:
        """Ask, and give the parts."""
        self._began = time.monotonic()
        try:
            for event in self._events():
                yield from self._take(event)
            yield from self.reader.end()
            if not self.reader.finish:
                raise broke_off(self._line.name)
        except Cancelled:
            if not self._cancelled.is_set():
                raise
        except Garbage as error:
            raise KnownError(
                f"What {self._line.name} sent cannot be read.",
                "Check that the address is that of a model server.",
            ) from error
        finally:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
        self._finish()

    def _events(self) -> Iterator[Event]:
        stream = self._opened()
        kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":  # it does not stream
            yield json_object(b"".join(iter(stream.read, b"")))
        elif kind != "text/event-stream":
            raise no_endpoint(self._line.name)
        else:
            done = False
            for event in events(stream.lines(MAX_LINE)):
                if event is not None:
                    yield event
                done = event is None
            if not done:
                return
        self.reader.finish = self.reader.finish or "stop"
        stream.finish()

    def _opened(self) -> Incoming:
        """The stream; a body the server complains of is made simpler."""
        body = self._body
        for _ in range(_TRIES):
            self._step(0.0, "")
            stream = self._line.post(body, self._step)
            self._stream = stream
            if self._cancelled.is_set():
                raise Cancelled
            if stream.status == 200:
                if body is not self._body:
                    self._line.simple(body)
                return stream
            error = refused(self._line.name, self._line.model, stream.status, _short(stream))
            complaint = getattr(error, "complaint", "")
            easier = simpler(body, complaint) if stream.status in (400, 422) else None
            if easier is None:
                break
            body = easier
        raise error

    def _step(self, fraction: float, said: str) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _take(self, event: Event) -> list[Part]:
        if event.get("error"):
            raise failed(self._line.name, event["error"])
        if "choices" not in event and "usage" not in event and "prompt_progress" not in event:
            raise Garbage
        self._usage = mapping(event.get("usage")) or self._usage
        progress = mapping(event.get("prompt_progress"))
        if progress and self._on_progress is not None:
            self._on_progress(number(progress.get("processed")), number(progress.get("total")))
        choices = sequence(event.get("choices"))
        choice = mapping(choices[0]) if choices else {}
        if number(choice.get("index")) != 0:
            return []
        parts = self.reader.feed(choice)
        if self.reader.deltas and not self._first:
            self._first = time.monotonic()
        return parts

    def _finish(self) -> None:
        now = time.monotonic()
        first = self._first or now
        finish: Finish = "length" if self.reader.finish == "length" else "stop"
        prompt = number(self._usage.get("prompt_tokens"))
        details = mapping(self._usage.get("prompt_tokens_details"))
        if prompt:
            self._line.used(prompt)
        self.stats = Stats(
            prompt,
            min(number(details.get("cached_tokens")), prompt),
            number(self._usage.get("completion_tokens")) or self.reader.deltas,
            first - self._began,
            now - first,
            "cancelled" if self._cancelled.is_set() else finish,
            n_ctx=self._line.n_ctx,
        )


def _short(stream: Incoming) -> bytes:
    """The beginning of what a server says about an error."""
    said = b""
    while len(said) < _ERROR_BYTES and (chunk := stream.read()):
        said += chunk
    return said
