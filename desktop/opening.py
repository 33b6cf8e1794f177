"""Opens the data folder on another thread."""

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from engine.core.errors import KnownError
from engine.core.paths import Paths

if TYPE_CHECKING:
    from engine.service import Chat, ModelStatus, Service

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """An open service and what the window shows first, read where nobody waits for it."""

    service: "Service"
    chats: "list[Chat]"
    has_data: bool
    simulated: bool
    model: "ModelStatus"
    theme: str

    @classmethod
    def read(cls, service: "Service") -> "Start":
        """Ask the service; may take a while for a large portfolio."""
        return cls(
            service,
            service.chat.list(),
            service.portfolio.has_data(),
            service.portfolio.is_simulated(),
            service.models.current(),
            service.settings.text("theme"),
        )


class Opening(QObject):
    """Emits `opened` with a Start, or `failed` with a KnownError, on the GUI thread."""

    opened = Signal(object)
    failed = Signal(object)
    _done = Signal(object)

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        self._paths = paths
        self._service: Service | None = None
        self._over = False
        self._thread = threading.Thread(target=self._work, name="opening", daemon=True)
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin, unless it is too late."""
        if not self._over:
            self._thread.start()

    def finish(self) -> "Service | None":
        """Wait for what has begun and begin nothing any more; returns what was opened."""
        self._over = True
        if self._thread.is_alive():
            self._thread.join()
        return self._service

    def _work(self) -> None:
        try:
            # The engine takes longer to load than the window to appear. Nothing of Qt may be
            # loaded here: see desktop/ahead.py.
            from engine.service import Service  # noqa: PLC0415

            self._service = Service.open(self._paths)
            self._done.emit(Start.read(self._service))
        except KnownError as error:
            self._done.emit(error)
        except Exception as error:  # noqa: BLE001  (whatever it is, the user must be told)
            _log.exception("opening failed")
            self._done.emit(
                KnownError(
                    self.tr("The data folder could not be opened because of an error in Assay."),
                    f"{type(error).__name__}",
                )
            )

    def _deliver(self, result: Start | KnownError) -> None:
        if isinstance(result, KnownError):
            self.failed.emit(result)
        else:
            self.opened.emit(result)
