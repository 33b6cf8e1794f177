"""One Assay per data folder: a lock the operating system releases even after a kill."""

import os
from typing import IO

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.core.locks import lock
from engine.core.paths import Paths


class Occupied(KnownError):
    """Another Assay has the data folder open."""


class ProfileLock:
    """Held from construction to release().

    Raises Occupied naming the process that has it, if there is one, else KnownError.
    """

    def __init__(self, paths: Paths) -> None:
        place = paths.root / "assay.lock"
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise known_os_error(f"use the data folder {paths.root}", error) from error
        self._file: IO[str] = os.fdopen(handle, "r+")
        try:
            lock(self._file)
        except OSError as error:
            owner = self._owner()
            self._file.close()
            raise Occupied(
                f"Assay is already open with this data folder{owner}.",
                "Close it first, or choose another folder with --home.",
            ) from error
        # The name is for people only: a full disk must not keep the user from the data.
        try:
            self._file.truncate(0)
            # Not through the file's buffer: what cannot be written would fail again on release.
            os.write(handle, str(os.getpid()).encode())
        except OSError:
            pass

    def release(self) -> None:
        """Let others in; harmless when called twice."""
        self._file.close()

    def _owner(self) -> str:
        try:
            text = self._file.read(20).strip()
        except OSError:  # Windows does not let others read what is locked
            return ""
        return f" (process {text})" if text.isdigit() else ""
