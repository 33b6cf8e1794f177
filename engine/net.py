"""The only module that opens a socket: one small HTTP client for what the user has switched on.

Covered: https with the system's certificates, but for this computer and the nodes the user names;
limits on the time and the size; a stop at any moment; redirects within one host only; no more
requests than a host allows, and asking again when it says so. A request carries its address, what
the source needs and "Assay/<version>": no cookies, and no proxy, so that what the log names is
what was connected to (the proxies of the environment are ignored).
"""

import concurrent.futures
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from urllib.parse import SplitResult

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.exchange import Exchange, HttpError, Reply, Request
from engine.core.pace import Bucket, Rate, retry_after
from engine.core.steps import Step, unwatched
from engine.core.webaddress import checked_address, joined_address

ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before asking again, doubled each time; a host that wants more is left alone."""
MAX_REDIRECTS = 3

_AGAIN = frozenset({429, 500, 502, 503, 504})
_MOVED, _MOVED_SAME_METHOD = frozenset({301, 302, 303, 307, 308}), frozenset({307, 308})
_TICK = 0.05
_CHUNK = 1 << 16


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
        raise _http_error(str(url.hostname), reply, asked_for)

    def _follow(self, request: Request, url: SplitResult, step: Step) -> Reply:
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._once(request, url, step)
            follows = _MOVED if request.body is None else _MOVED_SAME_METHOD
            if reply.status not in follows or not reply.location:
                return reply
            target = checked_address(joined_address(url, reply.location), request.plain)
            if (target.scheme, target.netloc) != (url.scheme, url.netloc):
                raise KnownError(
                    f"{url.hostname} refers to another place, {target.hostname}; it was not asked.",
                    "Try again later.",
                )
            request, url = replace(request, shown=request.shown or target.geturl()), target
        raise KnownError(f"{url.hostname} refers on and on.", "Try again later.")

    def _once(self, request: Request, url: SplitResult, step: Step) -> Reply:
        """One request on the wire, told to the log whatever comes of it."""
        if not self._allowed(request.source):
            raise KnownError(
                f"The online source {request.source} is switched off, so nothing was asked.",
                f"`assay online on {request.source}` or the settings switch it on.",
            )
        if url.scheme == "https" and self._context is None:
            self._context = ssl.create_default_context()
        transfer = _Transfer(request, url, self._context)
        made, began = self._clock.now(), self._monotonic()
        outcome = "stopped"
        try:
            reply = self._watched(transfer, step, began + request.limits.total)
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

    def _watched(self, transfer: "_Transfer", step: Step, deadline: float) -> Reply:
        """Let the transfer run on a thread of its own, which is left behind if it hangs."""
        host = transfer.host
        future: concurrent.futures.Future[Reply] = concurrent.futures.Future()
        threading.Thread(target=transfer.run, args=(future,), daemon=True, name="net").start()
        try:
            while not concurrent.futures.wait((future,), _TICK).done:
                step(0.0, f"asking {host}")
                if self._monotonic() > deadline:
                    raise _too_slow(host)
            return future.result()
        except (OSError, http.client.HTTPException, zlib.error, UnicodeError) as error:
            raise _known(host, error) from error
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


class _Transfer(http.client.HTTPConnection):
    """One request and its answer. sent, received: bytes so far."""

    def __init__(self, request: Request, url: SplitResult, context: ssl.SSLContext | None) -> None:
        secure = url.scheme == "https"
        super().__init__(str(url.hostname), url.port or (443 if secure else 80))
        self._request = request
        self._url = url
        self._context = context if secure else None
        self._abandoned = threading.Event()
        self._wire: socket.socket | None = None
        self.sent = 0
        self.received = 0

    def run(self, future: concurrent.futures.Future[Reply]) -> None:
        """Do it; the thread's whole work."""
        try:
            future.set_result(self._perform())
        except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits)
            future.set_exception(error)
        finally:
            self.close()

    def abandon(self) -> None:
        """Make whatever still waits for the network fail; harmless afterwards."""
        self._abandoned.set()
        if self._wire is not None:
            try:
                # Not that of a TLS socket, which is in use on the other thread.
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)
            except OSError:
                return  # it was closed already

    def connect(self) -> None:
        """Open the connection, with the certificate checked."""
        limits = self._request.limits
        sock = socket.create_connection((self.host, self.port), limits.connect)
        sock.settimeout(limits.silence)
        if self._context is not None:
            sock = self._context.wrap_socket(
                sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        # The base class lets go of its socket while the body is still being read.
        self.sock = self._wire = sock
        if self._abandoned.is_set():
            raise TimeoutError
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()

    def send(self, data: bytes) -> None:  # type: ignore[override]  # all that is sent here
        """Send and count."""
        super().send(data)
        self.sent += len(data)

    def _perform(self) -> Reply:
        request = self._request
        headers = {
            "User-Agent": f"Assay/{version('assay')}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **dict(request.headers),
        }
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        if request.body is None:
            self.request("GET", target, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            self.request("POST", target, request.body, headers)
        with self.getresponse() as response:
            return Reply(
                response.status,
                self._body(response),
                response.getheader("Location", ""),
                response.getheader("Retry-After", ""),
            )

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        most = self._request.max_bytes
        coding = response.getheader("Content-Encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip", ""):
            raise KnownError(f"{self.host} packed its answer in an unknown way.")
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if coding == "gzip" else None
        if (response.length or 0) > most:
            raise _too_large(self.host, most)
        body = bytearray()
        while chunk := response.read(_CHUNK):
            self.received += len(chunk)
            body += unpacker.decompress(chunk, most + 1 - len(body)) if unpacker else chunk
            # Packed bytes as well: what follows the end of a packed body unpacks to nothing.
            if max(len(body), self.received) > most:
                raise _too_large(self.host, most)
        if response.length or (unpacker and self.received and not unpacker.eof):
            raise http.client.IncompleteRead(b"")
        return bytes(body)


def _http_error(host: str, reply: Reply, wait: float) -> HttpError:
    reason = http.client.responses.get(reply.status, "an unknown status")
    hint = f"Try again in {wait / 60:.0f} minutes." if wait > LONGEST_WAIT else "Try again later."
    sentence = (
        f"{host} has been asked too often."
        if reply.status == 429
        else f"{host} answered with an error: {reply.status}, {reason}."
    )
    return HttpError(sentence, hint, reply.status, reply.body)


def _too_slow(host: str) -> KnownError:
    return KnownError(f"{host} did not answer in time.", "Try again later.")


def _too_large(host: str, most: int) -> KnownError:
    return KnownError(f"{host} sent more than {most >> 20} MB, which was not read.")


def _known(host: str, error: Exception) -> KnownError:
    """The error of a connection in one sentence."""
    online = "Check the internet connection."
    match error:
        case socket.gaierror():
            return KnownError(f"{host} was not found.", online)
        case ssl.SSLCertVerificationError():
            return KnownError(
                f"The certificate of {host} is not valid ({error.verify_message}).",
                "Nothing was sent. Somebody may be reading along, or this computer's clock is off.",
            )
        case ssl.SSLError():
            return KnownError(f"No secure connection to {host} was possible.", online)
        case TimeoutError():
            return _too_slow(host)
        case ConnectionRefusedError():
            return KnownError(f"{host} refused the connection.", "Check its address and port.")
        case http.client.IncompleteRead() | ConnectionError():
            return KnownError(f"The answer of {host} broke off.", "Try again later.")
        case OSError():
            return KnownError(f"{host} could not be reached.", online)
    return KnownError(f"What {host} sent cannot be read.", "Try again later.")
