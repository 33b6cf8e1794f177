"""Background work with progress and cancel, on a small thread pool."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.core.errors import Cancelled, KnownError
from engine.core.events import EventBus, JobProgress

T = TypeVar("T")

_log = logging.getLogger(__name__)

REPORT_SECONDS = 0.05
"""Reports that follow each other faster than this are dropped, so that no listener drowns."""


class Progress:
    """A running job's line to its owner."""

    def __init__(self, bus: EventBus, job_id: str, title: str) -> None:
        self._bus = bus
        self._job_id = job_id
        self._title = title
        self._cancelled = threading.Event()
        self._last_report = -REPORT_SECONDS

    def report(self, fraction: float | None, text: str) -> None:
        """Tell how far the work is: fraction 0…1 (None = unknown), text = one short line."""
        now = time.monotonic()
        if now - self._last_report >= REPORT_SECONDS:
            self._last_report = now
            self._bus.publish(JobProgress(self._job_id, self._title, fraction, text, done=False))

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled; call it often."""
        if self._cancelled.is_set():
            raise Cancelled

    def step(self, fraction: float, text: str) -> None:
        """Check and report in one call: a Step for work that knows nothing of jobs."""
        self.check()
        self.report(fraction, text)

    def cancel(self) -> None:
        """Make the next check raise."""
        self._cancelled.set()

    def finish(self, fraction: float | None, text: str) -> None:
        """Publish the last event of the job."""
        self._bus.publish(JobProgress(self._job_id, self._title, fraction, text, done=True))


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A submitted piece of work; future.result() raises Cancelled after a cancel."""

    id: str
    future: Future[T]
    _progress: Progress

    def cancel(self) -> None:
        """Ask the work to stop at its next check; a job that has not begun never will."""
        self._progress.cancel()


class JobPool:
    """Runs jobs on `workers` threads and publishes their JobProgress on the bus."""

    def __init__(self, bus: EventBus, workers: int = 2) -> None:
        self._bus = bus
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._running: dict[str, Progress] = {}

    def submit(self, title: str, fn: Callable[[Progress], T]) -> Job[T]:
        """Queue fn; title names the work for the user. RuntimeError after close()."""
        job_id = f"job-{next(self._numbers)}"
        progress = Progress(self._bus, job_id, title)

        def work() -> T:
            progress.check()
            return fn(progress)

        with self._lock:
            future = self._executor.submit(work)
            self._running[job_id] = progress
        future.add_done_callback(lambda done: self._finish(job_id, progress, done))
        return Job(job_id, future, progress)

    def close(self) -> None:
        """Cancel everything and wait until the workers have ended."""
        with self._lock:
            for progress in self._running.values():
                progress.cancel()
        self._executor.shutdown(wait=True)

    def _finish(self, job_id: str, progress: Progress, future: Future[T]) -> None:
        with self._lock:
            self._running.pop(job_id, None)
        error = future.exception()
        if error is None:
            progress.finish(1.0, "")
        elif isinstance(error, Cancelled):
            progress.finish(None, "Stopped.")
        elif isinstance(error, KnownError):
            progress.finish(None, str(error))
        else:
            _log.error("a job failed: %s", type(error).__name__, exc_info=error)
            progress.finish(None, "This did not work because of an error in Assay.")
