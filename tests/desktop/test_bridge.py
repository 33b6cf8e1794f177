"""Events and results cross into Qt in order, joined, and never after the end."""

import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from desktop.bridge import Bridge
from engine.core.errors import KnownError
from engine.core.events import Event, EventBus, JobProgress, StatusChanged, TextDelta
from engine.core.jobs import JobPool, Progress


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def bridge(qapp: object, bus: EventBus) -> Iterator[Bridge]:
    bridge = Bridge(bus)
    yield bridge
    bridge.close()


@pytest.fixture
def jobs(bus: EventBus) -> Iterator[JobPool]:
    pool = JobPool(bus)
    yield pool
    pool.close()


@pytest.fixture
def received(bridge: Bridge) -> list[Event]:
    events: list[Event] = []
    bridge.received.connect(events.append)
    return events


def test_a_burst_arrives_whole_in_order_and_joined(
    qtbot: QtBot, bus: EventBus, bridge: Bridge, received: list[Event]
) -> None:
    threads: list[bool] = []
    bridge.received.connect(lambda _: threads.append(QThread.currentThread().isMainThread()))

    def publish() -> None:
        for number in range(20_000):
            bus.publish(TextDelta(1, f"{number},"))
        bus.publish(StatusChanged(1, "end"))

    thread = threading.Thread(target=publish)
    thread.start()
    end = StatusChanged(1, "end")
    qtbot.waitUntil(lambda: received[-1:] == [end], timeout=20_000)
    thread.join()
    text = "".join(event.text for event in received if isinstance(event, TextDelta))
    assert text == "".join(f"{number}," for number in range(20_000))
    assert all(threads)


def test_pieces_of_different_answers_are_not_joined(
    qtbot: QtBot, bus: EventBus, received: list[Event]
) -> None:
    sent = [TextDelta(1, "a"), TextDelta(2, "b"), TextDelta(1, "c"), StatusChanged(1, "")]
    for event in sent:
        bus.publish(event)
    qtbot.waitUntil(lambda: len(received) == 4)
    assert received == sent


def test_results_come_to_the_main_thread(qtbot: QtBot, bridge: Bridge) -> None:
    results: list[tuple[bool, bool]] = []

    def done(worked_on_main: bool) -> None:
        results.append((worked_on_main, QThread.currentThread().isMainThread()))

    bridge.run(lambda: threading.current_thread() is threading.main_thread(), done)
    qtbot.waitUntil(lambda: bool(results))
    assert results == [(False, True)]


def test_known_errors_are_sentences(qtbot: QtBot, bridge: Bridge) -> None:
    def fail() -> None:
        raise KnownError("The file is empty.", "Choose another.")

    sentences: list[str] = []
    bridge.run(fail, failed=sentences.append)
    qtbot.waitUntil(lambda: bool(sentences))
    with qtbot.waitSignal(bridge.failed, timeout=60_000) as blocker:
        bridge.run(fail)
    assert [*sentences, *blocker.args] == ["The file is empty. Choose another."] * 2


def test_bugs_are_told_apart_and_logged(
    qtbot: QtBot, bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    with qtbot.waitSignal(bridge.failed, timeout=60_000) as blocker:
        bridge.run(lambda: {}["missing"])
    assert "error in Assay" in blocker.args[0]
    assert "a call failed" in caplog.text
    caplog.clear()


def test_jobs_are_awaited_and_can_be_cancelled(
    qtbot: QtBot, bridge: Bridge, jobs: JobPool, received: list[Event]
) -> None:
    results: list[int] = []
    bridge.run_job(lambda: jobs.submit("counting", lambda _: 7), results.append)
    qtbot.waitUntil(lambda: results == [7])

    started = threading.Event()

    def endless(progress: Progress) -> int:
        started.set()
        while True:
            progress.check()
            time.sleep(0.005)

    call = bridge.run_job(lambda: jobs.submit("endless", endless), results.append)
    assert started.wait(60)
    call.cancel()
    ended = [JobProgress("job-2", "endless", None, "Stopped.", done=True)]
    qtbot.waitUntil(lambda: received[-1:] == ended)
    assert results == [7]


def test_a_job_that_cannot_start_fails_like_any_call(qtbot: QtBot, bridge: Bridge) -> None:
    def refuse() -> None:
        raise KnownError("Not now.")

    with qtbot.waitSignal(bridge.failed, timeout=60_000) as blocker:
        bridge.run_job(refuse)  # type: ignore[arg-type]
    assert blocker.args == ["Not now."]


def test_nothing_is_delivered_to_a_dead_owner_or_after_a_cancel(
    qtbot: QtBot, bridge: Bridge
) -> None:
    results: list[str] = []
    gate = threading.Event()
    owner = QObject()
    bridge.run(gate.wait, lambda _: results.append("dead"), owner=owner)
    bridge.run(gate.wait, lambda _: results.append("cancelled")).cancel()
    bridge.run(gate.wait, lambda _: results.append("alive"))
    owner.deleteLater()
    qtbot.wait(20)
    gate.set()
    qtbot.waitUntil(lambda: bool(results))
    qtbot.wait(50)
    assert results == ["alive"]


def test_nothing_comes_after_the_end(
    qtbot: QtBot, bus: EventBus, bridge: Bridge, received: list[Event]
) -> None:
    bridge.close()
    bus.publish(StatusChanged(1, "late"))
    bridge.run(lambda: 1, lambda _: received.append(StatusChanged(1, "late")))
    qtbot.wait(50)
    assert received == []


class Mortal(QObject):
    """Notes on which thread it dies."""

    def __init__(self, deaths: list[bool]) -> None:
        super().__init__()
        self._deaths = deaths

    def take(self, _: object) -> None:
        """Be a callback."""

    def __del__(self) -> None:
        self._deaths.append(QThread.currentThread().isMainThread())


def test_what_waits_for_a_result_dies_on_the_main_thread(qtbot: QtBot, bridge: Bridge) -> None:
    deaths: list[bool] = []
    for number in range(50):
        bridge.run(lambda: None, Mortal(deaths).take)
        if number % 2:
            qtbot.wait(1)
    qtbot.waitUntil(lambda: len(deaths) == 50)
    assert all(deaths)
