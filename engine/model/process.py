"""The application's side of the model child: start it, talk to it, learn how it ended."""

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.model import messages, protocol

ROOT = Path(__file__).resolve().parents[2]
# Everything else in the environment (proxies, tokens, OpenMP settings) stays outside.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
LOG_LINES = 200


class ChildProcess:
    """A running model child.

    on_event is called on the child's own thread for every event; on_end once, after the last
    event, with the exit code and the end of the child's log. states: the one folder it may write
    to, made if need be, None = nowhere. Raises OSError if it cannot start.
    """

    def __init__(
        self,
        on_event: Callable[[messages.Event], None],
        on_end: Callable[[int, str], None],
        states: Path | None = None,
    ) -> None:
        self._on_event = on_event
        self._on_end = on_end
        self._states = states
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._write_lock = threading.Lock()
        self._started = threading.Event()
        self._start_error: OSError | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ends the child with the thread that started it, so that thread must live as
        # long as the child: it is the one that reads its events.
        self._thread = threading.Thread(target=self._run, name="model-child", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._start_error is not None:
            raise self._start_error

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._running().pid

    def is_alive(self) -> bool:
        """Whether the child is running."""
        return self._running().poll() is None

    def send(self, request: messages.Request) -> None:
        """Send a request; OSError if the child is gone."""
        pipe = self._running().stdin
        assert pipe is not None
        with self._write_lock:
            if pipe.closed:  # it is, before the end is told
                raise BrokenPipeError
            protocol.write_message(pipe, request)

    def kill(self) -> None:
        """End the child at once; on_end follows."""
        self._running().kill()

    def close(self, seconds: float = 1.0) -> None:
        """Let the child end by itself, by force after `seconds`; returns when it has ended."""
        process = self._running()
        if process.stdin is not None:
            with self._write_lock, contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _run(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        command = [sys.executable, "-s", "-m", "engine.model.child.main", str(os.getpid())]
        if self._states is not None:
            command.append(str(self._states.absolute()))
            with contextlib.suppress(OSError):  # then nothing is kept
                self._states.mkdir(mode=0o700, exist_ok=True)
        try:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C in the terminal is not for the child
            )
        except OSError as error:
            self._start_error = error
            return
        finally:
            self._started.set()
        logger = threading.Thread(target=self._read_log, name="model-log", daemon=True)
        logger.start()
        self._read_events()
        code = self._process.wait()
        logger.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            with self._write_lock, contextlib.suppress(OSError):
                pipe.close()
        self._on_end(code, "".join(self._log))

    def _read_events(self) -> None:
        process = self._running()
        assert process.stdout is not None
        try:
            while (event := protocol.read_event(process.stdout)) is not None:
                self._on_event(event)
        except protocol.ProtocolError as error:
            # Only a child that was taken over, or a bug, sends such things.
            self._log.append(f"protocol: {error}\n")
            process.kill()

    def _read_log(self) -> None:
        process = self._running()
        assert process.stderr is not None
        for line in process.stderr:
            self._log.append(line[:2000].decode(errors="replace"))
