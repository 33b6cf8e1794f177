"""Sends requests: whole answers, and streams."""

import concurrent.futures
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.exchange import Exchange, Reply, Request
from engine.core.pace import Bucket, Rate, retry_after
from engine.core.steps import Step, unwatched
from engine.core.webaddress import checked_address
from engine.net.faults import BROKEN, http_error, known, switched_off, too_slow
from engine.net.redirects import MAX_ELSEWHERE, MAX_REDIRECTS, leads_on, moved, on_and_on
from engine.net.stream import Flow, Stream
from engine.net.transfer import Transfer

ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before asking again, doubled each time; a host that wants more is left alone."""

_AGAIN = frozenset({429, 500, 502, 503, 504})
_TICK = 0.05


class Client:
    """Sends requests, each told to the log; safe to use from several threads."""

    def __init__(
        self,
        allowed: Callable[[str], bool],
        log: Callable[[Exchange], None],
        clock: Clock,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """allowed: whether a source is switched on. context: for https, the system's if None."""
        self._allowed = allowed
        self._log = log
        self._clock = clock
        self._context = context
        self._sleep = sleep
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def fetch(self, request: Request, step: Step = unwatched) -> Reply:
        """Ask until there is an answer or it is no use.

        step: called many times a second; what it raises ends the request at once.
        Raises KnownError naming the host; HttpError if that answered with an error.
        """
        url = checked_address(request.url, request.plain)
        for attempt in range(ATTEMPTS):
            self._wait(self._reserve(url, request.rate), step, f"waiting to ask {url.hostname}")
            reply = self._follow(request, url, step)
            if reply.status < 300:
                return reply
            asked_for = retry_after(reply.retry_after, self._clock.now())
            pause = max(asked_for, FIRST_WAIT * 2**attempt)
            if reply.status not in _AGAIN or pause > LONGEST_WAIT or attempt == ATTEMPTS - 1:
                break
            self._wait(pause, step, f"{url.hostname} asks to wait")
        raise http_error(str(url.hostname), reply.status, reply.body, asked_for, LONGEST_WAIT)

    def open(self, request: Request, step: Step = unwatched) -> Stream:
        """Ask once and give the answer as a stream as soon as its head is there.

        An error of the host is a stream too, with its status. limits.silence: also for the head.
        step: called many times a second, here and while reading; what it raises ends the request.
        Raises KnownError naming the host. The log is told when the stream ends.
        """
        url = checked_address(request.url, request.plain)
        self._wait(self._reserve(url, request.rate), step, f"waiting to ask {url.hostname}")
        passed: list[Mapping[str, str]] = []
        while True:
            stream = self._stream(request, url, step)
            location = stream.headers.get("location", "")
            if not leads_on(request, stream.status, location):
                stream.url, stream.passed = request.url, tuple(passed)
                return stream
            stream.finish()
            passed.append(stream.headers)
            if len(passed) > (MAX_ELSEWHERE if request.elsewhere else MAX_REDIRECTS):
                raise on_and_on(url)
            request, url = moved(request, url, location)

    def _stream(self, request: Request, url: SplitResult, step: Step) -> Stream:
        flow = Flow(request, url, self._checked_context(request, url))
        made, began = self._clock.now(), self._monotonic()

        def tell(outcome: str) -> None:
            took = round(1000 * (self._monotonic() - began))
            shown = request.shown or request.url
            self._log(
                Exchange(made, request.source, shown, outcome, flow.sent, flow.received, took)
            )

        stream = Stream(flow, step, request.limits, tell, self._monotonic)
        stream.begin()
        return stream

    def _follow(self, request: Request, url: SplitResult, step: Step) -> Reply:
        for _ in range((MAX_ELSEWHERE if request.elsewhere else MAX_REDIRECTS) + 1):
            reply = self._once(request, url, step)
            if not leads_on(request, reply.status, reply.location):
                return reply
            request, url = moved(request, url, reply.location)
        raise on_and_on(url)

    def _once(self, request: Request, url: SplitResult, step: Step) -> Reply:
        """One request on the wire, told to the log whatever comes of it."""
        transfer = Transfer(request, url, self._checked_context(request, url))
        made, began = self._clock.now(), self._monotonic()
        outcome = "stopped"
        try:
            total = request.limits.total
            reply = self._watched(transfer, step, float("inf") if total is None else began + total)
            outcome = str(reply.status)
            return reply
        except KnownError as error:
            outcome = error.sentence
            raise
        finally:
            took = round(1000 * (self._monotonic() - began))
            shown = request.shown or request.url
            self._log(
                Exchange(
                    made, request.source, shown, outcome, transfer.sent, transfer.received, took
                )
            )

    def _checked_context(self, request: Request, url: SplitResult) -> ssl.SSLContext | None:
        """What https is checked with. Raises KnownError if the source is switched off."""
        if not self._allowed(request.source):
            raise switched_off(request.source)
        if url.scheme == "https" and self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _watched(self, transfer: Transfer, step: Step, deadline: float) -> Reply:
        """Let the transfer run on a thread of its own, which is left behind if it hangs."""
        host = transfer.host
        future: concurrent.futures.Future[Reply] = concurrent.futures.Future()
        threading.Thread(target=transfer.run, args=(future,), daemon=True, name="net").start()
        try:
            while not concurrent.futures.wait((future,), _TICK).done:
                step(0.0, f"asking {host}")
                if self._monotonic() > deadline:
                    raise too_slow(host)
            return future.result()
        except BROKEN as error:
            raise known(host, error) from error
        finally:
            transfer.abandon()

    def _reserve(self, url: SplitResult, rate: Rate) -> float:
        """Seconds to wait before the next request to this host may go."""
        with self._lock:
            bucket = self._buckets.setdefault(url.netloc, Bucket(rate, self._monotonic()))
            return bucket.take(rate, self._monotonic())

    def _wait(self, seconds: float, step: Step, text: str) -> None:
        end = self._monotonic() + seconds
        while (left := end - self._monotonic()) > 0:
            step(0.0, f"{text}, {left:.0f} s")
            self._sleep(min(left, _TICK))
