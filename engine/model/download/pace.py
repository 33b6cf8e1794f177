"""How fast a download is, and how fast it may be."""

import time
from collections import deque
from collections.abc import Callable

WINDOW = 5.0
"""Seconds over which the speed is taken."""
_SLICE = 0.1


class Pace:
    """Counts bytes as they come and holds back where they come too fast; for one thread."""

    def __init__(
        self,
        limit: Callable[[], int],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """limit: bytes a second, 0 for as many as come; asked again and again."""
        self._limit = limit
        self._sleep = sleep
        self._monotonic = monotonic
        self._came: deque[tuple[float, int]] = deque()
        self._began = monotonic()
        self._free_at = self._began

    def chunk(self, usual: int) -> int:
        """How many bytes to read at once, so that a low limit is kept evenly."""
        limit = self._limit()
        return max(1024, min(usual, limit // 4)) if limit > 0 else usual

    def took(self, count: int, check: Callable[[], None]) -> None:
        """So many bytes came; waits until the next ones may. check: called while waiting."""
        now = self._monotonic()
        self._came.append((now, count))
        limit = self._limit()
        if limit <= 0:
            self._free_at = now
            return
        self._free_at = max(now, self._free_at) + count / limit
        while (left := self._free_at - self._monotonic()) > 0:
            check()
            self._sleep(min(left, _SLICE))

    def wait(self, seconds: float, check: Callable[[], None]) -> None:
        """Do nothing for a time that counts for no speed."""
        end = self._monotonic() + seconds
        while (left := end - self._monotonic()) > 0:
            check()
            self._sleep(min(left, _SLICE))
        self.rest()

    def rest(self) -> None:
        """Begin to measure anew."""
        self._came.clear()
        self._began = self._free_at = self._monotonic()

    def speed(self) -> float:
        """Bytes a second over the last seconds, 0 as long as that is not known."""
        now = self._monotonic()
        while self._came and self._came[0][0] < now - WINDOW:
            self._came.popleft()
        seconds = min(WINDOW, now - self._began)
        return sum(count for _, count in self._came) / seconds if seconds > 0.2 else 0.0

    def seconds_left(self, left: int) -> float | None:
        """How long so many more bytes will take; None if that cannot be said."""
        speed = self.speed()
        return left / speed if speed > 0 else None
