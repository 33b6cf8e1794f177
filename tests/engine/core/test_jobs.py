"""Jobs: results, progress, cancel, failure, close."""

import logging
import threading
from collections.abc import Iterator

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.core.events import Event, EventBus, JobProgress
from engine.core.jobs import JobPool, Progress


class Heard:
    """Collects the progress of jobs and waits for their end."""

    def __init__(self, bus: EventBus) -> None:
        self.events: list[JobProgress] = []
        self._news = threading.Condition()
        bus.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        assert isinstance(event, JobProgress)
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def end(self, job_id: str) -> JobProgress:
        with self._news:
            ended = lambda: [e for e in self.events if e.job_id == job_id and e.done]  # noqa: E731
            assert self._news.wait_for(ended, 5)
            (last,) = ended()
            return last


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def heard(bus: EventBus) -> Heard:
    return Heard(bus)


@pytest.fixture
def pool(bus: EventBus, heard: Heard) -> Iterator[JobPool]:
    pool = JobPool(bus, workers=1)
    yield pool
    pool.close()


def test_a_job_gives_its_result_and_its_progress(pool: JobPool, heard: Heard) -> None:
    def work(progress: Progress) -> int:
        progress.report(0.5, "half")
        return 42

    job = pool.submit("Counting", work)
    assert job.future.result(5) == 42
    assert heard.end(job.id) == JobProgress(job.id, "Counting", 1.0, "", True)
    assert heard.events[0] == JobProgress(job.id, "Counting", 0.5, "half", False)


def test_a_flood_of_reports_is_thinned(pool: JobPool, heard: Heard) -> None:
    def work(progress: Progress) -> None:
        for number in range(10_000):
            progress.report(number / 10_000, "")

    job = pool.submit("Flood", work)
    job.future.result(5)
    heard.end(job.id)
    assert 2 <= len(heard.events) < 200


def test_cancel_stops_a_running_job_at_its_next_check(pool: JobPool, heard: Heard) -> None:
    started, go_on = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        go_on.wait(5)
        progress.check()

    job = pool.submit("Long", work)
    waiting = pool.submit("Never begun", lambda progress: pytest.fail("it began"))
    assert started.wait(60)
    waiting.cancel()
    job.cancel()
    go_on.set()
    for one in (job, waiting):
        with pytest.raises(Cancelled):
            one.future.result(5)
        assert heard.end(one.id).text == "Stopped."


def test_a_known_error_is_told_in_its_own_words(pool: JobPool, heard: Heard) -> None:
    def work(progress: Progress) -> None:
        raise KnownError("The file is empty.", "Choose another.")

    job = pool.submit("Import", work)
    with pytest.raises(KnownError):
        job.future.result(5)
    assert heard.end(job.id).text == "The file is empty. Choose another."


@pytest.mark.logs("a job failed: ZeroDivisionError")
def test_a_bug_is_logged_and_told_without_details(
    pool: JobPool, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    def work(progress: Progress) -> None:
        raise ZeroDivisionError("secret detail")

    with caplog.at_level(logging.ERROR):
        job = pool.submit("Import", work)
        with pytest.raises(ZeroDivisionError):
            job.future.result(5)
        assert "secret" not in heard.end(job.id).text
        pool.close()
    assert "ZeroDivisionError" in caplog.text


def test_close_cancels_what_runs_and_what_waits(bus: EventBus) -> None:
    pool = JobPool(bus, workers=2)
    started = threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        while True:
            progress.check()

    jobs = [pool.submit("Endless", work) for _ in range(4)]
    assert started.wait(60)
    pool.close()
    assert all(isinstance(job.future.exception(0), Cancelled) for job in jobs)
    with pytest.raises(RuntimeError):
        pool.submit("Late", work)


def test_a_step_reports_until_the_job_is_cancelled(bus: EventBus, heard: Heard) -> None:
    progress = Progress(bus, "job-1", "Reading")
    progress.step(0.5, "10 rows read")
    progress.cancel()
    with pytest.raises(Cancelled):
        progress.step(0.6, "20 rows read")
    assert heard.events == [JobProgress("job-1", "Reading", 0.5, "10 rows read", done=False)]
