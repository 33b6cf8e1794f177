"""What the three sections of the page have in common."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from engine.core.events import DataChanged, Event


class Section(QWidget):
    """Loads what it shows when it is seen and something of it has changed."""

    kinds: frozenset[str] = frozenset()
    """The kinds of data it shows, as in DataChanged."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._stale = True
        bridge.received.connect(self._on_event)

    def refresh(self) -> None:
        """Load everything again."""
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_if_stale()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & self.kinds:
            self._stale = True
            if self.isVisible():
                self._refresh_if_stale()

    def _refresh_if_stale(self) -> None:
        if self._stale:
            self._stale = False
            self.refresh()
