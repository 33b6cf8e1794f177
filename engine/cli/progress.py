"""How far a job is, in one line on standard error; only where a person watches it."""

import sys
from collections.abc import Callable
from typing import TypeVar

from engine.cli.terminal import StatusLine, width
from engine.core.events import Event, JobProgress
from engine.core.jobs import Job
from engine.service import Service

T = TypeVar("T")


def finished(service: Service, start: Callable[[], Job[T]]) -> T:
    """Start a job, show how far it is, return its result. Raises what the job raises."""
    line = StatusLine(sys.stderr)

    def tell(event: Event) -> None:
        if isinstance(event, JobProgress) and not event.done:
            line.show(progress_line(event)[: width() - 1])

    unsubscribe = service.bus.subscribe(tell)
    try:
        return start().future.result()
    finally:
        unsubscribe()
        line.clear()


def progress_line(event: JobProgress) -> str:
    """For instance "14 %  120,000 rows read · Reading trades.csv"."""
    percent = "" if event.fraction is None else f"{100 * event.fraction:.0f} %  "
    return f"{percent}{event.text} · {event.title}"
