"""Which step a cancel breaks off."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.model import messages, protocol
from engine.model.child.worker import Worker
from engine.model.client import GenerateRequest, ModelClient
from engine.model.sandbox import Locked


def test_a_step_that_is_shared_is_not_broken_off_twice_in_a_row() -> None:
    """Or requests that come and go would keep the others from ever getting on."""
    events = io.BytesIO()
    worker = Worker(io.BytesIO(), events, Locked("", ""))
    worker._open = {1, 2, 3, 4}
    with worker._computing((1, 2)):
        worker._cancel(2)
        assert worker._abort.is_set()
    with worker._computing((2,)):  # it is ended
        pass
    worker._open.discard(2)
    worker._cancelled.discard(2)
    with worker._computing((1, 3)):
        worker._cancel(3)
        assert not worker._abort.is_set()
    events.seek(0)
    assert protocol.read_event(events) == messages.Later(3)
    worker._open.discard(3)
    worker._cancelled.discard(3)
    with worker._computing((1, 4)):
        worker._cancel(4)
        assert worker._abort.is_set()
    with worker._computing((1,)):
        worker._cancel(1)
        assert worker._abort.is_set()
    assert not worker._abort.is_set()


def test_a_change_of_adapters_comes_when_the_last_answer_is_cancelled(
    new_client: Callable[[], ModelClient], tiny_model: Path
) -> None:
    client = new_client()
    client.load(tiny_model)
    for _ in range(5):
        generation = client.generate(
            GenerateRequest("x", "root ::= [0-9] root", max_tokens=3000, session="x")
        )
        next(generation)
        changed = threading.Thread(target=client.set_adapters, args=([],), daemon=True)
        changed.start()
        time.sleep(0.02)
        generation.cancel()
        list(generation)
        changed.join(5)
        assert not changed.is_alive()
