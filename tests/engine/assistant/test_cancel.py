"""The stop button wakes what is being waited for, at once."""

import threading
import time

import pytest

from engine.assistant.cancel import Cancel


@pytest.mark.alone
def test_a_stop_wakes_within_ten_milliseconds() -> None:
    delays = []
    for _ in range(5):
        cancel, woken = Cancel(), threading.Event()
        times: dict[str, float] = {}

        def wake(woken: threading.Event = woken, times: dict[str, float] = times) -> None:
            times["woken"] = time.perf_counter()
            woken.set()

        def stop(cancel: Cancel = cancel, times: dict[str, float] = times) -> None:
            times["set"] = time.perf_counter()
            cancel.set()

        with cancel.attached(wake):
            thread = threading.Thread(target=stop)
            thread.start()
            assert woken.wait(60)
            thread.join()
        delays.append(times["woken"] - times["set"])
    assert min(delays) < 0.01  # the least busy moment of the machine


def test_a_stop_before_is_noticed() -> None:
    cancel, woken = Cancel(), []
    cancel.set()
    with cancel.attached(lambda: woken.append(1)):
        assert woken == [1]


def test_nothing_is_woken_outside_the_block() -> None:
    cancel, woken = Cancel(), []
    with cancel.attached(lambda: woken.append(1)):
        pass
    cancel.set()
    assert cancel.is_set()
    assert woken == []


def test_several_may_be_attached() -> None:
    cancel, woken = Cancel(), []
    with cancel.attached(lambda: woken.append("a")), cancel.attached(lambda: woken.append("b")):
        cancel.set()
    assert woken == ["a", "b"]


def test_detached_after_an_exception() -> None:
    cancel, woken = Cancel(), []
    with pytest.raises(KeyError), cancel.attached(lambda: woken.append(1)):
        raise KeyError
    cancel.set()
    assert woken == []


def test_stops_from_many_threads_wake() -> None:
    cancel = Cancel()
    woken = threading.Semaphore(0)
    with cancel.attached(woken.release):
        threads = [threading.Thread(target=cancel.set) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert woken.acquire(timeout=0)
