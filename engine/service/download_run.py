"""A download on its thread: how far it is, in figures and in words, and how it is ended."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Literal

from engine.core.events import Event, JobProgress
from engine.model.download.download import Advance
from engine.model.download.files import DownloadState
from engine.model.registry import ModelFile

State = Literal[
    "queued", "asking", "checking", "fetching", "waiting", "verifying", "paused", "failed"
]
_TELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class DownloadStatus:
    """A file that is being fetched, or is half there. key: its name here. done, size: bytes, size
    0 if not known; speed: bytes a second; left: seconds, None if not known; notice: a sentence
    about it, or "" (of a failed one: why)."""

    key: str
    name: str
    entry: str
    repo: str
    file: str
    state: State
    done: int
    size: int
    speed: float = 0.0
    left: float | None = None
    notice: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on by itself."""
        return self.state not in ("paused", "failed")


def stopped(key: str, state: DownloadState | None, size: int) -> DownloadStatus:
    """A part on the disk that nobody goes on with. state: None if nothing is known of it; size:
    bytes that are there."""
    if state is None:
        return DownloadStatus(
            key, "A download of which nothing is known", "", "", "", "paused", size, 0
        )
    return DownloadStatus(
        key, state.name, state.entry, state.repo, state.file, "paused", state.done, state.size
    )


class Paused(BaseException):
    """The user wants to go on later."""


class Run:
    """A download on a thread: how far it is, and whether it is to end."""

    future: Future[ModelFile]

    def __init__(self, status: DownloadStatus, publish: Callable[[Event], None]) -> None:
        self.status = status
        self._publish = publish
        self._ending: type[BaseException] | None = None
        self._told = 0.0

    def stop(self, how: type[BaseException]) -> None:
        """Make the next check raise this."""
        self._ending = how

    def check(self) -> None:
        """Raise if the user wants it to end."""
        if self._ending is not None:
            raise self._ending

    def tell(self, advance: Advance) -> None:
        """Note how far it is, and say so a few times a second."""
        news = advance.phase != self.status.state
        self.status = replace(
            self.status,
            state=advance.phase,
            done=advance.done,
            size=advance.size,
            speed=advance.speed,
            left=advance.left,
            notice=advance.notice,
        )
        now = time.monotonic()
        if news or now - self._told >= _TELL_SECONDS:
            self._told = now
            fraction = advance.done / advance.size if advance.size else None
            self._event(fraction, progress_text(self.status), done=False)

    def finish(self, text: str) -> None:
        """Say that it has ended; text: why, if it is not there."""
        self._event(None if text else 1.0, text, done=True)

    def _event(self, fraction: float | None, text: str, done: bool) -> None:
        title = f"Downloading {self.status.name}"
        key = f"download-{self.status.key}"
        self._publish(JobProgress(key, title, fraction, text, done))


def progress_text(status: DownloadStatus) -> str:
    """For instance "1.20 of 2.50 GB, 3.4 MB/s, 6 minutes left"."""
    if status.state == "waiting":
        return status.notice
    words = {
        "queued": "waiting for its turn",
        "asking": "asking",
        "checking": "checking what is there",
        "verifying": "checking the whole file",
    }.get(status.state)
    if words:
        return words
    text = f"{status.done / 1e9:.2f} of {status.size / 1e9:.2f} GB"
    if status.speed:
        text += f", {status.speed / 1e6:.1f} MB/s"
    if status.left is not None:
        text += f", {time_left(status.left)} left"
    return text


def time_left(seconds: float) -> str:
    """For instance "6 minutes"; a time that nobody can foresee to the second."""
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{seconds / 3600:.1f} hours"
