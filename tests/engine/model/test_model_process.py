"""The real child as a process: what is sent to one that is gone."""

import os
import signal
import threading

import pytest

from engine.model import messages
from engine.model.process import ChildProcess


def test_a_request_between_the_end_and_its_telling() -> None:
    """Its pipes are closed by then, which is the same to the sender as a child that is gone."""
    told, go_on = threading.Event(), threading.Event()

    def on_end(code: int, log: str) -> None:
        told.set()
        go_on.wait(10)

    child = ChildProcess(lambda event: None, on_end)
    os.kill(child.pid, signal.SIGKILL)
    assert told.wait(10)
    with pytest.raises(BrokenPipeError):
        child.send(messages.Count(1, "x"))
    go_on.set()
    child.close()
