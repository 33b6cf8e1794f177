"""The measurement of a model begins in a quiet moment and gives way to questions."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from engine.core.errors import Cancelled
from engine.core.events import EventBus
from engine.core.jobs import Job, JobPool, Progress
from engine.service.measuring import Measuring


@pytest.fixture
def pool() -> Iterator[JobPool]:
    pool = JobPool(EventBus())
    yield pool
    pool.close()


def waits(pool: JobPool, begun: threading.Event, ended: threading.Event) -> Callable[[], Job[bool]]:
    """Makes jobs that run until they are cancelled."""

    def work(progress: Progress) -> bool:
        begun.set()
        try:
            while True:
                progress.check()
                time.sleep(0.005)
        except Cancelled:
            ended.set()
            raise

    return lambda: pool.submit("Measuring", work)


def test_it_begins_when_nothing_happens_and_ends_with_a_question(pool: JobPool) -> None:
    begun, ended = threading.Event(), threading.Event()
    measuring = Measuring(waits(pool, begun, ended), quiet=0.02)
    measuring.idle()
    measuring.idle()
    assert begun.wait(60)
    measuring.busy()
    assert ended.wait(60)
    measuring.close()


def test_a_question_in_time_keeps_it_from_beginning(pool: JobPool) -> None:
    begun, ended = threading.Event(), threading.Event()
    measuring = Measuring(waits(pool, begun, ended), quiet=0.2)
    measuring.idle()
    measuring.busy()
    assert not begun.wait(0.4)
    measuring.close()
    measuring.idle()
    assert not begun.wait(0.4)


def test_there_may_be_nothing_to_measure() -> None:
    asked = threading.Event()

    def begin() -> None:
        asked.set()

    measuring = Measuring(begin, quiet=0.01)
    measuring.idle()
    assert asked.wait(60)
    measuring.close()
