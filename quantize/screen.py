"""How a command shows itself: lines for people or JSON lines for programs."""

import json
import sys
import time
from dataclasses import asdict
from typing import Protocol

from engine.core.errors import KnownError
from quantize.outcome import Outcome

SECONDS_BETWEEN = 0.1  # progress lines


class Screen(Protocol):
    """Where a command's progress and end are shown."""

    def progress(self, fraction: float, text: str) -> None:
        """How far the work is, 0…1, and what it is at."""

    def result(self, outcome: Outcome) -> None:
        """The work is done."""

    def error(self, error: KnownError) -> None:
        """The work cannot be done."""

    def stopped(self) -> None:
        """The work was stopped."""


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
        self._print("error", {"sentence": error.sentence, "hint": error.hint})

    def stopped(self) -> None:
        self._print("stopped", {})

    def _print(self, event: str, fields: dict[str, object]) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)


class TextScreen:
    """Plain sentences; progress in place on a terminal and nowhere else."""

    def progress(self, fraction: float, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{fraction:4.0%}  {text}", end="", file=sys.stderr, flush=True)

    def result(self, outcome: Outcome) -> None:
        self._clear()
        print(outcome.sentence)

    def error(self, error: KnownError) -> None:
        self._clear()
        print(error, file=sys.stderr)

    def stopped(self) -> None:
        self._clear()
        print("Stopped. Nothing was written.", file=sys.stderr)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
