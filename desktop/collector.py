"""Python's cycle collector, on the main thread only.

Left alone it runs on whichever thread happens to allocate. If it finds a widget there, the widget
is destroyed on that thread, and the program crashes sooner or later.
"""

import gc

from PySide6.QtCore import QObject, QTimer

_SECONDS = 0.5


class Collector(QTimer):
    """Collects by the interpreter's own thresholds, twice a second at most."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self.timeout.connect(self.collect)
        self.start(round(1000 * _SECONDS))

    def settle(self) -> None:
        """Leave what has been loaded by now out of it: that stays for good."""
        gc.freeze()

    def collect(self) -> int | None:
        """Collect the oldest generation that is due; returns its number, None if none is."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return generation
        return None
