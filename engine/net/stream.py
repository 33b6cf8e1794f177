"""A request whose answer is read as it comes: downloads, and models that write for minutes.

A thread of its own reads from the network into a short queue; whoever reads the stream waits for
the queue, so that it can be told to stop at any moment.
"""

import contextlib
import http.client
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from urllib.parse import SplitResult

from engine.core.errors import Cancelled, KnownError
from engine.core.exchange import Limits, Request
from engine.core.steps import Step
from engine.net.faults import BROKEN, known, packed, too_large, too_slow
from engine.net.wire import CHUNK, Wire

TICK = 0.02
_QUEUED = 16
LONGEST_LINE = 1 << 20


class Head:
    """What came before the body. headers: the names in lower case. length: None if not told."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.length = response.length
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.getheaders()
        }


class _Closed:
    """Wakes up whoever reads from a stream that has been closed."""


_Item = Head | bytes | BaseException | _Closed


class Flow(Wire):
    """Reads an answer into a queue: its head, its body, then b"" or what went wrong."""

    def __init__(self, request: Request, url: SplitResult, context: ssl.SSLContext | None) -> None:
        super().__init__(request, url, context)
        self.items: queue.Queue[_Item] = queue.Queue(_QUEUED)

    def run(self) -> None:
        """Do it; the thread's whole work."""
        try:
            with self.ask("identity") as response:
                self._read(response)
        except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits)
            self._put(error)
        finally:
            self.close()

    def _read(self, response: http.client.HTTPResponse) -> None:
        head = Head(response)
        expected, most = head.length, self._request.max_bytes
        self._put(head)
        if head.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            raise packed(self.host)
        if (expected or 0) > most:
            raise too_large(self.host, most)
        while expected is None or self.received < expected:
            chunk = response.read1(CHUNK)
            if not chunk:
                break
            self.received += len(chunk)
            if self.received > most:
                raise too_large(self.host, most)
            if not self._put(chunk):
                return
        if expected is not None and self.received < expected:
            raise http.client.IncompleteRead(b"")
        self._put(b"")

    def _put(self, item: _Item) -> bool:
        """Wait until there is room; False if nobody wants it any more."""
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self.items.put(item, timeout=0.1)
                return True
        return False


class Stream:
    """An answer being read. Use it as a context manager; close() ends it from any thread.

    url: where it came from in the end. passed: the headers of the redirects on the way. Reading
    raises KnownError if the connection breaks, too much comes or too slowly, Cancelled once
    closed, and what the step raises, which is called many times a second; what it is told
    means nothing.
    """

    def __init__(
        self,
        flow: Flow,
        step: Step,
        limits: Limits,
        tell: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """tell: told once how it ended: "200", "stopped" or one sentence."""
        self._flow = flow
        self._step = step
        self._limits = limits
        self._tell = tell
        self._monotonic = monotonic
        self._deadline = monotonic() + (float("inf") if limits.total is None else limits.total)
        self._lock = threading.Lock()
        self._told = self._ended = self._closed = False
        self._rest = b""
        self._left: int | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.url = ""
        self.passed: tuple[Mapping[str, str], ...] = ()

    def begin(self) -> None:
        """Ask, and wait for the head of the answer; raises as reading does."""
        threading.Thread(target=self._flow.run, daemon=True, name="net").start()
        # A head that drips is silence as well.
        head = self._next(self._limits.connect + self._limits.silence)
        assert isinstance(head, Head)
        self.status, self.headers, self._left = head.status, head.headers, head.length

    def read(self, most: int = CHUNK) -> bytes:
        """What has come, up to so many bytes, at least one; b"" at the end."""
        if not self._rest and not self._ended:
            chunk = self._next(self._limits.silence)
            assert isinstance(chunk, bytes)
            if self._left is not None:
                self._left -= len(chunk)
            self._rest, self._ended = chunk, not chunk or self._left == 0
            if self._ended:
                self._end(str(self.status))
        chunk, self._rest = self._rest[:most], self._rest[most:]
        return chunk

    def lines(self, longest: int = LONGEST_LINE) -> Iterator[bytes]:
        """The lines without their ends. Raises KnownError for one of more than `longest` bytes."""
        held = bytearray()
        while chunk := self.read():
            *whole, rest = chunk.split(b"\n")
            for line in whole:
                held += line
                self._check_line(held, longest)
                yield bytes(held).removesuffix(b"\r")
                held.clear()
            held += rest
            self._check_line(held, longest)
        if held:
            yield bytes(held).removesuffix(b"\r")

    def close(self) -> None:
        """End the connection at once, from any thread; harmless afterwards."""
        self._closed = True
        self._end("stopped")
        with contextlib.suppress(queue.Full):
            self._flow.items.put_nowait(_Closed())

    def finish(self) -> None:
        """End the connection, as the rest is not wanted: told as a success."""
        self._end(str(self.status))
        self.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self, silence: float) -> _Item:
        """The next item; whatever goes wrong ends the connection and is told."""
        try:
            item = self._wait(silence)
            if isinstance(item, BaseException):
                raise item
        except KnownError as error:
            self._end(error.sentence)
            raise
        except BROKEN as error:
            told = known(self._flow.host, error)
            self._end(told.sentence)
            raise told from error
        except BaseException:
            self._end("stopped")
            raise
        return item

    def _wait(self, silence: float) -> _Item:
        host = self._flow.host
        latest = min(self._monotonic() + silence, self._deadline)
        while True:
            self._step(0.0, f"asking {host}")
            if self._closed:
                raise Cancelled
            try:
                item = self._flow.items.get(timeout=TICK)
            except queue.Empty:
                if self._monotonic() > latest:
                    raise too_slow(host) from None
                continue
            if isinstance(item, _Closed):
                raise Cancelled
            if self._monotonic() > self._deadline:
                raise too_slow(host)
            return item

    def _end(self, outcome: str) -> None:
        """Let go of the connection and tell the log, once."""
        with self._lock:
            told, self._told = self._told, True
        self._flow.abandon()
        if not told:
            self._tell(outcome)

    def _check_line(self, held: bytearray, longest: int) -> None:
        if len(held) > longest:
            error = KnownError(f"What {self._flow.host} sent cannot be read.", "Try again later.")
            self._end(error.sentence)
            raise error
