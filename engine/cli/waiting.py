"""What an answer that is not there yet waits for, in one line on standard error."""

import sys
import time

from engine.cli.terminal import StatusLine, width
from engine.core.events import Event, ModelStateChanged, StatusChanged, TextDelta, ThinkDelta

_READING = "Reading the question…"
_WRITING = "Writing…"
_SOON = 2.0
"""Seconds that need not be counted."""


class Waiting:
    """Tells what is being done and for how long; only where a person watches, never in a pipe."""

    def __init__(self) -> None:
        self._line = StatusLine(sys.stderr)
        self._does = _READING
        self._since = time.monotonic()

    def take(self, event: Event) -> None:
        """Tell what an event says of it."""
        match event:
            case StatusChanged(text=text):
                self._now(text or _WRITING)
            case ModelStateChanged(state="loading", notice=notice):
                self._now(notice)
            case ModelStateChanged(state="ready" | "busy") if self._does.startswith("Loading"):
                self._now(_READING)
            case ThinkDelta():
                self._now("Thinking…")
            case TextDelta():
                self._now(_WRITING)

    def tick(self) -> None:
        """Tell how long it has taken by now."""
        seconds = time.monotonic() - self._since
        took = f" {seconds:.0f} s" if seconds >= _SOON else ""
        self._line.show(f"{self._does}{took}"[: width() - 1])

    def clear(self) -> None:
        """Make the line empty again, before anything else is written."""
        self._line.clear()

    def _now(self, does: str) -> None:
        if does != self._does:
            self._does, self._since = does, time.monotonic()
            self.tick()
