"""A real HTTP server on this computer that answers as a test tells it to."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engine.core.exchange import Exchange
from engine.market.sources import registry


class Handler(BaseHTTPRequestHandler):
    """Records what is asked and leaves the answer to the server's `answer`."""

    server: "Loopback"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the name http.server looks for
        size = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(size)
        self.server.asked.append(self)
        try:
            self.server.answer(self)
        except OSError:
            self.close_connection = True  # the client has gone away

    do_HEAD = do_POST = do_GET

    def reply(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """A whole answer; underscores in the names of headers stand for hyphens."""
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def reply_json(self, value: object) -> None:
        """A whole answer in JSON."""
        self.reply(body=json.dumps(value).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


class Loopback(ThreadingHTTPServer):
    """asked: every request so far. released: set when the test is over, for answers that hang."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Handler], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[Handler] = []
        self.released = threading.Event()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is part of some tests."""


@contextmanager
def serving(
    answer: Callable[[Handler], None], context: ssl.SSLContext | None = None
) -> Iterator[Loopback]:
    """Run a server; context: over TLS."""
    server = Loopback(answer)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


Host = Callable[[str, Callable[[Handler], None]], Loopback]


@contextmanager
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """What puts a server in the place of a source's host."""
    with ExitStack() as stack:

        def put(name: str, answer: Callable[[Handler], None]) -> Loopback:
            server = stack.enter_context(serving(answer))
            info = replace(registry.SOURCES[name], base=server.url)
            monkeypatch.setitem(registry.SOURCES, name, info)  # type: ignore[arg-type]
            return server

        yield put


class Clockwork:
    """A time in seconds that only passes when somebody sleeps; naps: how long, and when."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.naps.append(seconds)

    @property
    def slept(self) -> float:
        return round(sum(self.naps), 3)


class Log:
    """Keeps what a client tells of its requests."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    @property
    def outcomes(self) -> list[str]:
        return [one.outcome for one in self.exchanges]
