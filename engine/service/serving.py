"""The server for other programs: its switch, its key, and the thread it runs on.

It answers with the model alone. Nothing of the portfolio is within its reach.
"""

import secrets as random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.webaddress import is_loopback
from engine.market.sources import secrets
from engine.service.models import ModelArea
from engine.service.settings import Settings
from engine.store.documents import DocumentRepo

if TYPE_CHECKING:
    from engine.server import RunningServer

HOST = "127.0.0.1"
"""Only this computer."""
_NAME = "server"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the server is doing. address: where programs find it, "" if it is off; busy: answers
    being written; trouble: why it is off although its switch is on, as a sentence, or ""."""

    running: bool
    address: str
    busy: int
    trouble: str


class ServingArea:
    """Starts and stops the server; off unless the user has switched it on."""

    def __init__(
        self,
        models: ModelArea,
        settings: Settings,
        documents: DocumentRepo,
        publish: Callable[[Event], None],
    ) -> None:
        self._models = models
        self._settings = settings
        self._documents = documents
        self._publish = publish
        self._lock = threading.RLock()
        self._server: RunningServer | None = None
        self._address = ("", 0)
        self._allowed: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._trouble = ""
        self._following = False
        settings.on_change(self._on_setting)

    def follow(self) -> None:
        """Do as the switch says, now and whenever it changes."""
        self._following = True
        self._follow()

    def state(self) -> ServerState:
        """What the server is doing."""
        with self._lock:
            server, (host, port) = self._server, self._address
            if server is None:
                return ServerState(False, "", 0, self._trouble)
            return ServerState(True, _url(host, port), server.busy, "")

    def start(
        self,
        host: str = HOST,
        port: int | None = None,
        key: str = "",
        hosts: tuple[str, ...] = (),
        origins: tuple[str, ...] = (),
    ) -> ServerState:
        """Begin to answer other programs; harmless if it runs.

        host: an address of this computer, others than this one's own are open to its network;
        port: that of the settings if None, 0 for any; key: the stored one if "". hosts, origins:
        as in ServerOptions. Raises KnownError if that does not work.
        """
        # Where the server is off, not even the means of opening a port are loaded.
        from engine.net import listen  # noqa: PLC0415
        from engine.server import RunningServer, ServerOptions  # noqa: PLC0415
        from engine.server.local import LocalBackend  # noqa: PLC0415

        with self._lock:
            if self._server is not None:
                return self.state()
            options = ServerOptions(key or self.key(), host, hosts, origins)
            backend = LocalBackend(
                lambda: self._models.client(_AT_ONCE),
                lambda: self._models.current().state == "loading",
            )
            listening = listen(host, self._port() if port is None else port)
            server = RunningServer(backend, options, listening)
            server.start()
            self._server, self._trouble = server, ""
            self._address, self._allowed = (host, server.port), (hosts, origins)
        self._tell()
        return self.state()

    def stop(self) -> None:
        """Stop answering; what is being written ends. Harmless if it does not run."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.close()
            self._tell()

    def close(self) -> None:
        """Stop for good."""
        self._following = False
        self.stop()

    def key(self) -> str:
        """What programs have to show; made at random when it is first asked for.

        It is in the system's keyring, or in the encrypted database where there is none. Raises
        KnownError if the keyring is locked.
        """
        kept = secrets.get_key(_NAME) or (self._documents.get("server", "key") or {}).get("key")
        return str(kept) if kept else self._new_key()

    def renew_key(self) -> str:
        """Make a new key, and with it lock out whoever knows the old one. Raises KnownError."""
        with self._lock:
            server, (host, port) = self._server, self._address
            self.stop()
            key = self._new_key()
            if server is not None:
                self.start(host, port, key, *self._allowed)
        return key

    def _new_key(self) -> str:
        key = "assay-" + random.token_urlsafe(_KEY_BYTES)
        try:
            secrets.set_key(_NAME, key)
        except KnownError:
            self._documents.put("server", "key", {"key": key})
            return key
        if self._documents.get("server", "key") is not None:
            self._documents.delete("server", "key")
        return key

    def _on_setting(self, key: str) -> None:
        if key == "server_port" and self._following:
            self.stop()
        if key in ("server", "server_port") and self._following:
            self._follow()

    def _follow(self) -> None:
        if not self._settings.get("server"):
            self._trouble = ""
            self.stop()
            return
        try:
            self.start()
        except KnownError as error:
            self._trouble = str(error)
            self._tell()

    def _port(self) -> int:
        port = self._settings.get("server_port")
        assert isinstance(port, int)
        return port

    def _tell(self) -> None:
        self._publish(DataChanged(frozenset({"settings"})))


_AT_ONCE = threading.Event()
_AT_ONCE.set()
"""Do not wait for a model that is being loaded."""


def open_to_network(host: str) -> bool:
    """Whether other computers can reach a server at this address."""
    return not is_loopback(host)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
