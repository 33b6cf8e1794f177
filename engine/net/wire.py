"""One connection for one request, made on a thread that is left behind if it hangs."""

import http.client
import socket
import ssl
import threading
from importlib.metadata import version
from urllib.parse import SplitResult

from engine.core.exchange import Request

CHUNK = 1 << 16


class Wire(http.client.HTTPConnection):
    """Sends one request. sent, received: bytes so far, the head of the answer not counted."""

    def __init__(self, request: Request, url: SplitResult, context: ssl.SSLContext | None) -> None:
        """context: for https."""
        secure = url.scheme == "https"
        super().__init__(str(url.hostname), url.port or (443 if secure else 80))
        self._request = request
        self._url = url
        self._context = context if secure else None
        self._abandoned = threading.Event()
        self._wire: socket.socket | None = None
        self.sent = 0
        self.received = 0

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

    def ask(self, coding: str) -> http.client.HTTPResponse:
        """Send the request and wait for the head of the answer. coding: that may be packed so."""
        request = self._request
        headers = {
            "User-Agent": f"Assay/{version('assay')}",
            "Accept": "application/json",
            "Accept-Encoding": coding,
            "Connection": "close",
            **dict(request.headers),
        }
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        if request.body is None:
            self.request(request.method or "GET", target, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            self.request("POST", target, request.body, headers)
        return self.getresponse()
