"""How far all builds are: asked for when an event says that one has moved on."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.bridge import Bridge
from engine.core.events import DataChanged, Event, JobProgress

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus
    from engine.service import Service

_PREFIX = "build-"
_REST_MILLISECONDS = 200
"""Progress is asked for no more often."""
_LEAST_SECONDS, _LEAST_SHARE = 3.0, 0.01
"""A stage is watched for so long, or so much of it, before its end is foreseen."""


class Pace:
    """How long a stage still takes, from how fast it has been since it was first seen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._first = self._last = (0.0, 0.0)

    def note(self, stage: str, fraction: float | None) -> None:
        """Note how much of a stage is done."""
        now = (self._clock(), fraction or 0.0)
        if stage != self._stage or now[1] < self._last[1]:
            self._stage, self._first = stage, now
        self._last = now

    def left(self) -> float | None:
        """Seconds, None if they cannot be foreseen."""
        seconds, share = (last - first for last, first in zip(self._last, self._first, strict=True))
        if seconds < _LEAST_SECONDS or share < _LEAST_SHARE:
            return None
        return (1 - self._last[1]) * seconds / share


class Following(QObject):
    """The builds as they were when last asked for."""

    changed = Signal()
    failed = Signal(str)
    ended = Signal(object)
    """A build that has ended since it was last asked for: built or failed."""

    def __init__(self, service: "Service", bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._list = service.builds.list
        self._bridge = bridge
        self._paces: dict[str, Pace] = {}
        self._asking = self._again = False
        self.builds: dict[str, BuildStatus] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_REST_MILLISECONDS)
        self._soon.timeout.connect(self.refresh)
        bridge.received.connect(self._on_event)
        self.refresh()

    def refresh(self) -> None:
        """Ask how far they are, once at a time."""
        if self._asking:
            self._again = True
            return
        self._asking = True
        self._bridge.run(self._list, self._show, self._refused, owner=self)

    def left(self, key: str) -> float | None:
        """How many seconds the running stage of a build still takes, None if that is not known."""
        return self._paces[key].left() if key in self._paces else None

    def _show(self, found: "list[BuildStatus]") -> None:
        before = self.builds
        self.builds = {one.key: one for one in found}
        for status in found:
            stage = next((one for one in status.stages if one.state == "running"), None)
            if stage is not None:
                self._paces.setdefault(status.key, Pace()).note(stage.name, stage.fraction)
            else:
                self._paces.pop(status.key, None)
        self._asking = False
        self.changed.emit()
        for status in found:
            old = before.get(status.key)
            ended = status.state in ("built", "failed")
            if ended and old is not None and old.state in ("running", "stopping"):
                self.ended.emit(status)
        if self._again:
            self._again = False
            self.refresh()

    def _refused(self, sentence: str) -> None:
        self._asking = False
        self.failed.emit(sentence)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and "builds" in event.kinds:
            self.refresh()
        moved = isinstance(event, JobProgress) and event.job_id.startswith(_PREFIX)
        if moved and not self._soon.isActive():
            self._soon.start()
