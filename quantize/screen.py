"""How a command shows itself: lines for people or JSON lines for programs."""

import json
import sys
import time
from dataclasses import asdict
from typing import Protocol

from engine.core.errors import KnownError
from quantize.outcome import Outcome

SECONDS_BETWEEN = 0.1  # progress lines
SECONDS_IN_A_LOG = 10.0  # the same where they stay


def printable(text: str) -> str:
    """The text as one line that a terminal only prints, names from others' files included."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


class Screen(Protocol):
    """Where a command's progress and end are shown."""

    def progress(self, fraction: float, text: str) -> None:
        """How far the work is, 0…1, and what it is at."""

    def result(self, outcome: Outcome) -> None:
        """The work is done."""

    def error(self, error: KnownError) -> None:
        """The work cannot be done."""

    def stopped(self, resumable: bool) -> None:
        """The work was stopped; resumable: the same command goes on from there."""


class JsonScreen:
    """One JSON object per line on stdout."""

    def __init__(self) -> None:
        self._last = -SECONDS_BETWEEN

    def progress(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN:
            self._last = now
            self._print("progress", {"fraction": round(fraction, 4), "text": text})

    def result(self, outcome: Outcome) -> None:
        self._print("result", asdict(outcome))

    def error(self, error: KnownError) -> None:
        self._print("error", {"sentence": printable(error.sentence), "hint": printable(error.hint)})

    def stopped(self, resumable: bool) -> None:
        self._print("stopped", {"resumable": resumable})

    def _print(self, event: str, fields: dict[str, object]) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)


class TextScreen:
    """Plain sentences; progress in place on a terminal, elsewhere a line at each tenth of the work,
    but not of work that takes seconds."""

    def __init__(self) -> None:
        self._last, self._tenths = time.monotonic(), 0

    def progress(self, fraction: float, text: str) -> None:
        if not sys.stderr.isatty():
            self._log(fraction, text)
        else:
            print(
                f"\r\x1b[K{fraction:4.0%}  {printable(text)}", end="", file=sys.stderr, flush=True
            )

    def result(self, outcome: Outcome) -> None:
        self._clear()
        print(outcome.sentence)

    def error(self, error: KnownError) -> None:
        self._clear()
        print(printable(str(error)), file=sys.stderr)

    def stopped(self, resumable: bool) -> None:
        self._clear()
        rest = "The same command goes on from here." if resumable else "Nothing was written."
        print(f"Stopped. {rest}", file=sys.stderr)

    def _log(self, fraction: float, text: str) -> None:
        now, tenths = time.monotonic(), int(10 * fraction + 1e-9)
        if tenths > self._tenths and now - self._last >= SECONDS_IN_A_LOG:
            self._last, self._tenths = now, tenths
            print(f"{fraction:4.0%}  {printable(text)}", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
