"""What a cancel costs the others: nothing but a part of a step they share, and never the child."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import odd_models
import pytest
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.model import link
from engine.model.client import GenerateRequest, Generation, ModelClient

pytestmark = pytest.mark.alone  # all of it measures who waits for whom

NewClient = Callable[[], ModelClient]
DIGITS = "root ::= [0-9] root"
PROMPT = "w x " * 250  # tokens: four steps


@pytest.fixture(scope="module")
def slow_model(make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads 256 tokens, a step, in some tenths of a second."""
    path = tmp_path_factory.mktemp("slow") / "slow.gguf"
    make_gguf.write_model(path, make_gguf.Shape(400, 6, 512, 8, 4, 64, 2048, 4096, "Q4_0"), "Slow")
    return path


@pytest.fixture
def slow(new_client: NewClient, slow_model: Path) -> ModelClient:
    client = new_client()
    client.load(slow_model)
    return client


@pytest.fixture
def slow_recurrent(
    new_client: NewClient, make_gguf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelClient:
    """One that cannot go back within a step, and reads 256 tokens in some tenths of a second."""
    monkeypatch.setattr(odd_models, "WIDTH", 768)
    client = new_client()
    client.load(odd_models.write(make_gguf, tmp_path / "mamba.gguf", "mamba"))
    return client


def pid_of(client: ModelClient) -> int:
    assert client._link is not None
    return client._link.pid


def begun(client: ModelClient, session: str, **fields: object) -> Generation:
    request = GenerateRequest(session + PROMPT, DIGITS, session=session, **fields)  # type: ignore[arg-type]
    return client.generate(request)


def seconds(client: ModelClient, session: str) -> float:
    """Until the first token of an answer to a long question."""
    started = time.monotonic()
    assert len(list(begun(client, session, max_tokens=1))) == 1
    return time.monotonic() - started


@contextmanager
def pestered(client: ModelClient, priority: int) -> Iterator[None]:
    """Meanwhile others ask and go away again, many times a second."""
    stop = threading.Event()

    def pester() -> None:
        while not stop.wait(0.05):
            generation = begun(client, "pest", priority=priority)
            time.sleep(0.05)
            generation.cancel()
            list(generation)

    thread = threading.Thread(target=pester)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("priority", [0, 1])
def test_those_who_come_and_go_keep_nobody_from_getting_on(
    slow: ModelClient, priority: int
) -> None:
    alone = seconds(slow, "alone")
    found: list[float] = []
    with pestered(slow, priority):
        thread = threading.Thread(target=lambda: found.append(seconds(slow, "window")))
        thread.start()
        thread.join(5 * alone)
        ended = not thread.is_alive()
    thread.join()
    assert ended, (alone, found)


def test_a_waiting_one_that_is_cancelled_costs_the_urgent_one_nothing(
    slow: ModelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the child, though a step takes longer than a child may take to hear a cancel."""
    pid = pid_of(slow)
    monkeypatch.setattr(link, "STUCK_SECONDS", 0.1)
    reading = begun(slow, "reading", max_tokens=30)
    waiting = begun(slow, "waiting", max_tokens=30, priority=1)
    time.sleep(0.05)
    waiting.cancel()
    list(waiting)
    assert len("".join(reading)) == 30
    assert pid_of(slow) == pid


def test_a_step_that_is_shared_and_cannot_be_broken_off(
    slow_recurrent: ModelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is cancelled ends with it; neither the other nor the child does."""
    pid = pid_of(slow_recurrent)
    before = begun(slow_recurrent, "before", max_tokens=1)
    stays, goes = (
        slow_recurrent.generate(
            GenerateRequest("w x " * 50, DIGITS, session=name, max_tokens=30, priority=1)
        )
        for name in ("stays", "goes")
    )
    list(before)  # now the other two are read in one step
    monkeypatch.setattr(link, "STUCK_SECONDS", 0.1)
    time.sleep(0.05)
    goes.cancel()
    list(goes)
    assert len("".join(stays)) == 30
    assert pid_of(slow_recurrent) == pid


def test_one_alone_in_its_step_ends_at_once_while_others_wait(
    slow_recurrent: ModelClient,
) -> None:
    """Also with a model that cannot go back: nobody else loses by it."""
    expected = "".join(begun(slow_recurrent, "waiting", max_tokens=5))
    slow_recurrent.forget_session("waiting")
    first = threading.Event()
    request = GenerateRequest(PROMPT, DIGITS, session="reading")
    reading = slow_recurrent.generate(request, lambda done, total: first.set())
    waiting = begun(slow_recurrent, "waiting", max_tokens=5, priority=1)
    thread = threading.Thread(target=lambda: list(reading))
    thread.start()
    assert first.wait(10)  # a step has ended, the next begins
    time.sleep(0.02)
    started = time.monotonic()
    reading.cancel()
    while slow_recurrent._gate.inside > 1:
        time.sleep(0.001)
    assert time.monotonic() - started < 0.15
    assert "".join(waiting) == expected
    thread.join()


def test_the_end_does_not_wait_for_a_child_that_puts_everything_off(
    slow: ModelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that was taken over may say that it is busy with others for ever."""
    monkeypatch.setattr(link, "STUCK_SECONDS", 0.3)
    generation = begun(slow, "held", max_tokens=3000)
    next(generation)
    first = slow._link
    assert first is not None
    monkeypatch.setattr(first._child, "send", lambda request: None)  # it does not listen
    generation.cancel()
    first._event(link.messages.Later(generation._id))
    time.sleep(0.5)
    assert first.is_alive()
    started = time.monotonic()
    slow.close()
    assert time.monotonic() - started < 2


def test_texts_that_are_compared_do_not_hold_up_the_window(slow: ModelClient) -> None:
    """They wait for it between two pieces of a text, and are the same afterwards."""
    texts = ["a b " * 120, "c d " * 120]
    expected = slow.embed(texts)
    started = time.monotonic()
    slow.embed(texts)
    whole = time.monotonic() - started
    found: list[NDArray[np.float32]] = []
    thread = threading.Thread(target=lambda: found.append(slow.embed(texts)))
    thread.start()
    time.sleep(0.15 * whole)
    started = time.monotonic()
    assert list(slow.generate(GenerateRequest("Hi", DIGITS, max_tokens=1)))
    urgent = slow.embed(["more urgent"], priority=0)
    waited = time.monotonic() - started
    assert thread.is_alive()
    thread.join()
    assert waited < 0.6 * whole
    assert np.array_equal(found[0], expected)
    assert np.allclose(slow.embed(["more urgent"]), urgent)


def test_equals_take_turns_with_texts_that_are_compared(slow: ModelClient) -> None:
    generation = slow.generate(GenerateRequest("Hi", DIGITS, max_tokens=3000))
    next(generation)
    assert slow.embed(["a b " * 100], priority=0).shape == (1, 512)
    assert generation.stats is None
    assert next(generation)
    generation.cancel()
    list(generation)


def test_texts_are_no_longer_compared_when_nobody_waits_for_it(slow: ModelClient) -> None:
    stops: list[Callable[[], None]] = []

    @contextmanager
    def stoppable(stop: Callable[[], None]) -> Iterator[None]:
        stops.append(stop)
        yield

    def embed() -> None:
        with pytest.raises(Cancelled):
            slow.embed(["a b " * 500] * 8, stoppable)

    pid = pid_of(slow)
    thread = threading.Thread(target=embed)
    thread.start()
    while not stops:
        time.sleep(0.01)
    time.sleep(0.1)
    stops[0]()
    thread.join(1)
    assert not thread.is_alive()
    started = time.monotonic()
    assert slow.count("a") == 1
    assert time.monotonic() - started < 1
    assert pid_of(slow) == pid
