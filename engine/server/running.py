"""Runs the server on a thread of its own."""

import asyncio
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.core.errors import KnownError
from engine.server.answers import Desk
from engine.server.app import create_app
from engine.server.backend import Backend
from engine.server.options import ServerOptions

_START_SECONDS = 10.0


class RunningServer:
    """A server that answers on a socket until close()."""

    def __init__(self, backend: Backend, options: ServerOptions, listening: Any) -> None:
        """listening: a bound socket, or several; theirs is the server until it is closed."""
        limits = options.limits
        sockets = listening if isinstance(listening, list) else [listening]
        self._desk = Desk(limits)
        app = create_app(backend, options, self._desk)
        self._server = uvicorn.Server(uvicorn_config(app, options))
        self._thread = threading.Thread(
            target=self._server.run, args=(sockets,), name="server", daemon=True
        )
        self._sockets = sockets
        self._stop_seconds = limits.stop_seconds

    def start(self) -> None:
        """Begin to answer; KnownError if that does not work."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_START_SECONDS / 0.01)):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            waited.wait(0.01)
        self.close()
        raise KnownError("The server could not be started.", "Try another port.")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._sockets[0].getsockname()[1])

    @property
    def busy(self) -> int:
        """How many answers are being written."""
        return self._desk.busy

    def close(self) -> None:
        """Stop answering: what is being written ends with an error, then all is closed."""
        self._server.should_exit = True
        self._desk.cancel_all()
        self._thread.join(self._stop_seconds + 2)
        for one in self._sockets:
            one.close()


def uvicorn_config(app: ASGIApp, options: ServerOptions) -> uvicorn.Config:
    """How the application is served: one process, HTTP/1.1 only, nothing written anywhere."""
    limits = options.limits
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=_protocol(limits.head_seconds),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        # Nobody stands before this server, so nobody may say who the client is.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=limits.stop_seconds,
    )


def _protocol(seconds: float) -> type[asyncio.Protocol]:
    """HTTP/1.1, except that a connection is closed whose next request does not arrive in time."""

    class Patient(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_waiting()
            elif self._deadline is None:
                self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            self._deadline = self.loop.call_later(seconds, self._too_slow)

        def _stop_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _too_slow(self) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return Patient
