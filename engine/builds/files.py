"""The files of a build's folder: what they are, whether they still are, and clearing them away."""

import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from engine.builds.local import file_hash
from engine.builds.record import Output
from engine.core.files import known_os_errors

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.part")


class Files:
    """Looks at each file once, and again when it was changed."""

    def __init__(self, folder: Path, tell: Callable[[float], None] = lambda fraction: None) -> None:
        """tell: told how much of a file was read; may raise."""
        self._folder = folder
        self._tell = tell
        self._looked: dict[str, tuple[tuple[int, int], str]] = {}

    def made(self, names: Iterable[str]) -> dict[str, Output]:
        """What the files are of these that are there. Raises KnownError."""
        with known_os_errors("read what was made"):
            there = [name for name in names if (self._folder / name).exists()]
            return {name: Output(self._stamp(name)[0], self._hash(name)) for name in there}

    def same(self, name: str, output: Output) -> bool:
        """Whether a file is what it was."""
        try:
            return self._stamp(name)[0] == output.size and self._hash(name) == output.sha256
        except OSError:
            return False

    def remove(self, names: Iterable[str]) -> None:
        """Delete files, if they are there. Raises KnownError."""
        with known_os_errors("replace what was made before"):
            for name in names:
                (self._folder / name).unlink(missing_ok=True)

    def discard(self, names: Iterable[str]) -> None:
        """Delete files and folders; what cannot be deleted costs space, nothing else."""
        for name in names:
            path = self._folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()

    def remove_leftovers(self) -> None:
        """What a kill has left half written and nothing goes on with, as a conversion does."""
        names = (path.name for path in self._folder.glob(".*.part"))
        self.discard(name for name in names if _LEFTOVER.fullmatch(name))

    def _hash(self, name: str) -> str:
        """A file's SHA-256. Raises OSError and KnownError."""
        stamp = self._stamp(name)
        known = self._looked.get(name)
        if known is None or known[0] != stamp:
            size = max(stamp[0], 1)
            digest = file_hash(self._folder / name, lambda done: self._tell(done / size))
            known = self._looked[name] = (stamp, digest)
        return known[1]

    def _stamp(self, name: str) -> tuple[int, int]:
        found = (self._folder / name).stat()
        return found.st_size, found.st_mtime_ns
