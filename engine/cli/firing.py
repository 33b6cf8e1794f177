"""Tells of alerts that fire, in the terminal and as desktop notifications."""

import queue
import shutil
import subprocess

from engine.cli import terminal
from engine.core.events import AlertFired, Event
from engine.service import Service

_NOTIFY_SECONDS = 5


class Firings:
    """Alerts that fired since construction and have not been told of."""

    def __init__(self, service: Service) -> None:
        self._settings = service.settings
        self._waiting: queue.SimpleQueue[AlertFired] = queue.SimpleQueue()
        service.bus.subscribe(self._on_event)

    def tell_waiting(self) -> None:
        """Tell of those that have fired."""
        while not self._waiting.empty():
            self.tell_next()

    def tell_next(self) -> None:
        """Wait for one that fires and tell of it."""
        fired = self._waiting.get()
        terminal.say(f"{fired.title}: {fired.text}")
        if self._settings.get("notifications"):
            _notify(fired)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, AlertFired):
            self._waiting.put(event)


def _notify(event: AlertFired) -> None:
    program = shutil.which("notify-send")
    if program is None:
        return
    words = (terminal.harmless(event.title), terminal.harmless(event.text))
    try:
        subprocess.run(
            [program, "--app-name=Assay", "--", *words], check=True, timeout=_NOTIFY_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        terminal.complain(f"The notification could not be shown: {type(error).__name__}.")
