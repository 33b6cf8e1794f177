"""Finds out how a model runs fastest here while nobody is asking it anything."""

import threading
from collections.abc import Callable

from engine.core.jobs import Job

QUIET_SECONDS = 30.0
"""The model is measured when it had nothing to do for so long."""


class Measuring:
    """Starts the measurement in a quiet moment, and gives it up when a question comes."""

    def __init__(self, begin: Callable[[], Job[bool] | None], quiet: float = QUIET_SECONDS) -> None:
        """begin: starts the measurement, or says that there is nothing to measure."""
        self._begin = begin
        self._quiet = quiet
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._job: Job[bool] | None = None
        self._closed = False

    def idle(self) -> None:
        """The model has nothing to do from now on."""
        with self._lock:
            if self._closed or self._timer is not None or self._running():
                return
            self._timer = threading.Timer(self._quiet, self._start)
            self._timer.daemon = True
            self._timer.start()

    def busy(self) -> None:
        """The model is needed."""
        with self._lock:
            timer, self._timer = self._timer, None
            job, self._job = self._job, None
        if timer is not None:
            timer.cancel()
        if job is not None:
            job.cancel()

    def close(self) -> None:
        """Give everything up for good."""
        self._closed = True
        self.busy()

    def _running(self) -> bool:
        return self._job is not None and not self._job.future.done()

    def _start(self) -> None:
        with self._lock:
            if self._timer is None or self._closed:
                return
            self._timer = None
            self._job = self._begin()
