"""What the model has read of each chat, kept on disk so that a chat goes on at once.

Files are derived data: each is encrypted with a key of its own, made from the database's, and its
name tells nothing. One that belongs to another model, template, adapter, kind of context or build
is not read, and stays, as its model may come back. The oldest go when the budget is spent; a chat
that is deleted takes its file along.
"""

import contextlib
import hashlib
import hmac
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.core.errors import Cancelled, KnownError
from engine.model.client import ModelClient
from engine.model.loading import ModelInfo
from engine.model.tuning.store import library_build

SMALLEST = 128  # tokens; fewer are read again just as fast
SUFFIX, UNFINISHED = ".kv", ".writing"

_log = logging.getLogger(__name__)


class KvStore:
    """The files of one folder; budget: bytes they may occupy together, asked each time."""

    def __init__(self, folder: Path, master: bytes, budget: Callable[[], int]) -> None:
        self._folder = folder
        self._master = master
        self._budget = budget

    def save(self, client: ModelClient, session: str) -> bool:
        """Keep what the model holds of a session; False if that is too little, or impossible.

        Not an error: without the file the chat is read again.
        """
        info = client.loaded
        if info is None or not client.is_running() or self._budget() <= 0:
            return False
        path = self._path(session)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            tokens = client.save_session(session, path, self._key(session), bound_to(info, client))
        except (KnownError, Cancelled, OSError) as error:
            _log.info("a chat's state was not kept: %s", type(error).__name__)
            return False
        if tokens < SMALLEST:
            self.forget(session)
            return False
        self.trim(path)
        return path.exists()

    def restore(self, client: ModelClient, session: str) -> int:
        """Give the model what was kept of a session; the tokens it holds of it now."""
        info = client.loaded
        path = self._path(session)
        if info is None or not path.exists():
            return 0
        bound = bound_to(info, client)
        try:
            tokens = client.restore_session(session, path, self._key(session), bound)
        except KnownError as error:
            _log.info("a chat's state was not read: %s", type(error).__name__)
            return 0
        if tokens:
            with contextlib.suppress(OSError):
                os.utime(path)
        return tokens

    def forget(self, session: str) -> None:
        """Delete the file of a session."""
        path = self._path(session)
        for file in (path, path.with_suffix(UNFINISHED)):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def keep_only(self, sessions: Iterable[str]) -> None:
        """Delete the files of all other sessions, and what a kill left unfinished."""
        kept = {self._path(session) for session in sessions}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix in (SUFFIX, UNFINISHED) and path not in kept:
                    with contextlib.suppress(OSError):
                        path.unlink()
        self.trim()

    def size(self) -> int:
        """Bytes the files occupy."""
        return sum(size for _, _, size in self._by_age())

    def trim(self, keep: Path | None = None) -> None:
        """Delete the files used longest ago until the rest is within the budget; `keep` last."""
        files = self._by_age()
        total = sum(size for _, _, size in files)
        budget = self._budget()
        for _, path, size in files:
            if total <= budget:
                return
            if path != keep or size > budget:
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= size

    def _by_age(self) -> list[tuple[float, Path, int]]:
        found = []
        for path in self._files():
            with contextlib.suppress(OSError):
                facts = path.stat()
                found.append((facts.st_mtime, path, facts.st_size))
        return sorted(found)

    def _files(self) -> list[Path]:
        return list(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else []

    def _path(self, session: str) -> Path:
        return self._folder / f"{self._derive('name', session).hex()[:32]}{SUFFIX}"

    def _key(self, session: str) -> bytes:
        return self._derive("key", session)

    def _derive(self, use: str, session: str) -> bytes:
        return hmac.digest(self._master, f"kv {use} {session}".encode(), hashlib.sha256)


def bound_to(info: ModelInfo, client: ModelClient) -> str:
    """What a state belongs to: the file, its template, its context, its adapters, the build."""
    parts = [info.sha256 or _identity(info.path), info.template_id, info.kv_type]
    parts += [f"{_identity(path)}*{scale}" for path, scale in client.adapters]
    return "|".join([*parts, library_build()])


def _identity(path: Path) -> str:
    """A file by its name, size and time, where its hash is not known."""
    try:
        facts = path.stat()
    except OSError:
        return str(path)
    return f"{path}:{facts.st_size}:{facts.st_mtime_ns}"
