"""Tells of alerts that fire, in the terminal and as desktop notifications."""

import queue
import shutil
import subprocess
import sys
from typing import NoReturn

from engine.cli import terminal
from engine.core.events import AlertCommandFailed, AlertFired, Event, PricesRefreshed
from engine.service import Service

_NOTIFY_SECONDS = 5
_BELL = "\a"
_Told = AlertFired | AlertCommandFailed | PricesRefreshed


class Firings:
    """Tells of the alerts that fire from now on: at once, or when tell_waiting() is called."""

    def __init__(self, service: Service, at_once: bool = False) -> None:
        """at_once: on the thread that checks the alerts, so that told is what has been written."""
        self._settings = service.settings
        self._at_once = at_once
        self._waiting: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        self._failures: queue.SimpleQueue[Exception] = queue.SimpleQueue()
        service.bus.subscribe(self._on_event)

    def tell_waiting(self) -> None:
        """Tell of those that have fired and raise what went wrong in telling."""
        while not self._waiting.empty():
            self._tell(self._waiting.get())
        if not self._failures.empty():
            raise self._failures.get()

    def tell_for_ever(self) -> NoReturn:
        """Wait until telling goes wrong, and raise that."""
        raise self._failures.get()

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, _Told):
            return
        if not self._at_once:
            self._waiting.put(event)
            return
        try:
            self._tell(event)
        except Exception as error:  # noqa: BLE001  (raised where the command waits)
            self._failures.put(error)

    def _tell(self, event: _Told) -> None:
        if not isinstance(event, AlertFired):
            if event.notice:
                terminal.complain(event.notice)
            return
        terminal.say(f"{event.title}: {event.text}")
        if event.sound and sys.stdout.isatty():
            terminal.write(_BELL)
        if self._settings.get("notifications"):
            _notify(event)


def _notify(event: AlertFired) -> None:
    program = shutil.which("notify-send")
    if program is None:
        return
    words = (terminal.harmless(event.title), terminal.harmless(event.text))
    urgency = "critical" if event.priority == "high" else event.priority
    try:
        subprocess.run(
            [program, "--app-name=Assay", f"--urgency={urgency}", "--", *words],
            check=True,
            timeout=_NOTIFY_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        terminal.complain(f"The notification could not be shown: {type(error).__name__}.")
