"""What is remembered of the sources from one refresh to the next; safe to use from any thread."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from engine.core.errors import KnownError

Pair = tuple[str, str]
"""An asset and the currency of its price."""

LONGEST_WAIT = 6 * 3600.0
"""Seconds after which a source that fails is asked again at the latest."""


@dataclass(frozen=True, slots=True)
class _Failing:
    """A source that does not answer: how often in a row, and when it is asked again."""

    times: int
    until: float


class SourceHealth:
    """Which sources fail, what each does not know, and what of it the user has been told."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """monotonic: the time in seconds."""
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failing: dict[str, _Failing] = {}
        self._unknown: set[tuple[str, Pair, str]] = set()
        self._failed: dict[tuple[str, Pair], float] = {}

    def to_ask(self, name: str, wanted: Iterable[Pair], ids: Mapping[str, str]) -> list[Pair]:
        """What to ask a source about, nothing while it is left alone.

        What went wrong comes last, the latest at the very end, so that it is in nobody's way.
        ids: what the source calls some assets; one that it does not know may have a new one.
        """
        with self._lock:
            failing = self._failing.get(name)
            if failing and self._monotonic() < failing.until:
                return []
            known = [one for one in wanted if (name, one, ids.get(one[0], "")) not in self._unknown]
            return sorted(known, key=lambda pair: self._failed.get((name, pair), float("-inf")))

    def note_unknown(self, name: str, pair: Pair, ids: Mapping[str, str]) -> None:
        """A source does not know an asset."""
        with self._lock:
            self._unknown.add((name, pair, ids.get(pair[0], "")))

    def judge(
        self, name: str, fresh: Collection[Pair], errors: Mapping[Pair, KnownError], pause: float
    ) -> KnownError | None:
        """Note how a source did; an error that the user has not been told of, or None.

        A source that only fails is left alone for twice the pause (seconds), then four times it.
        """
        if not fresh and not errors:
            return None
        with self._lock:
            for pair in fresh:
                self._failed.pop((name, pair), None)
            new = [error for pair, error in errors.items() if (name, pair) not in self._failed]
            self._failed |= {(name, pair): self._monotonic() for pair in errors}
            if fresh:
                self._failing.pop(name, None)
                return new[-1] if new else None
            before = self._failing.get(name)
            times = before.times + 1 if before else 1
            wait = min(pause * 2.0**times, LONGEST_WAIT)
            self._failing[name] = _Failing(times, self._monotonic() + wait)
            return None if before else list(errors.values())[-1]

    def forget(self, name: str) -> None:
        """Begin anew with a source."""
        with self._lock:
            self._failing.pop(name, None)
            self._unknown = {one for one in self._unknown if one[0] != name}
            self._failed = {one: at for one, at in self._failed.items() if one[0] != name}
