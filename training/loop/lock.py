"""One command at a time in a run folder; the system releases the lock even after a kill."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.core.errors import KnownError
from training.loop import distributed


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder, which is made if need be; KnownError if another command holds it.

    Of several processes the first one holds it for all.
    """
    if not distributed.is_first():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        if not _lock(file):
            raise KnownError(
                f"Another command is training in {folder}.", "Wait for it, or choose another out."
            )
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # some drives of clusters have no locks
            return True
        return True
