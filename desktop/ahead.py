"""Loads what will be needed later while the user pauses.

On the main thread, although that stands still meanwhile: PySide makes its types when they are first
used, and doing so on two threads at once crashes.
"""

from collections.abc import Callable

from PySide6.QtCore import QTimer

from desktop.bridge import Bridge
from desktop.widgets.chart import load_plots

PAUSE_SECONDS = 1.0
"""For this long nothing may have happened."""

_LOOKS = 4


class Ahead(QTimer):
    """Loads the chart library in the first pause, then does nothing any more.

    state: gives something else whenever the user has done something.
    """

    def __init__(self, bridge: Bridge, state: Callable[[], object]) -> None:
        super().__init__(bridge)
        self._state = state
        self._seen = state()
        self._quiet = 0
        bridge.received.connect(self._busy)
        self.timeout.connect(self._look)
        self.start(round(1000 * PAUSE_SECONDS / _LOOKS))

    def _busy(self) -> None:
        self._quiet = 0

    def _look(self) -> None:
        now = self._state()
        self._quiet = self._quiet + 1 if now == self._seen else 0
        self._seen = now
        if self._quiet >= _LOOKS:
            self.stop()
            load_plots()
