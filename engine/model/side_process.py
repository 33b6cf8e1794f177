"""Short-lived children beside the model child: they measure or look around, and print JSON lines.

What such a child says is checked by whoever asked, its end is awaited, its crash is a result.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from engine.model.process import PASSED_ON, ROOT

MAX_LINE = 1 << 16
MAX_LINES = 10_000
POLL_SECONDS = 0.1


def run_side(
    module: str,
    arguments: list[str],
    on_line: Callable[[dict[str, object]], None],
    seconds: float,
    check: Callable[[], None] = lambda: None,
) -> int | None:
    """Run `python -m module PARENT_PID arguments…` and hand over each JSON object it prints.

    Returns its exit code, None if it had not ended after `seconds` and was ended. check: called
    all the while; what it raises ends the process too. Raises OSError if that cannot start.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-s", "-m", module, str(os.getpid()), *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(process.stdout, lines), name="side-process", daemon=True
        )
        reader.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                check()
                with contextlib.suppress(queue.Empty):
                    line = lines.get(timeout=POLL_SECONDS)
                    if not line:
                        return process.wait(max(0.0, end - time.monotonic()))
                    _hand_over(line, on_line)
            return None
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()
            reader.join()


def _read(pipe: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    """Pass on bounded lines, then b""."""
    for _ in range(MAX_LINES):
        line = pipe.readline(MAX_LINE)
        if not line:
            break
        lines.put(line)
    lines.put(b"")


def _hand_over(line: bytes, on_line: Callable[[dict[str, object]], None]) -> None:
    """A line that is no JSON object is noise of a library."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(values, dict):
        on_line(values)
