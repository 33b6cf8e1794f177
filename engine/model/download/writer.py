"""Writes the part of a download, so that what its state file says is surely on the disk."""

import hashlib
import os
from dataclasses import replace
from typing import IO, Protocol

from engine.model.download.files import DownloadFiles, DownloadState


class Digest(Protocol):
    """A checksum being worked out, as hashlib's are."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def hexdigest(self) -> str:
        """The checksum of all so far."""
        ...


class Writer:
    """The part being written, its checksum so far, and the state on the disk.

    done: bytes written, of which state.done are surely on the disk.
    """

    def __init__(
        self, files: DownloadFiles, key: str, part: IO[bytes], state: DownloadState, digest: Digest
    ) -> None:
        """part: open for writing behind the bytes that the digest has."""
        self._files = files
        self._key = key
        self._part = part
        self.state = state
        self.digest = digest
        self.done = state.done

    def write(self, chunk: bytes) -> None:
        """Append bytes. Raises OSError."""
        self._part.write(chunk)
        self.digest.update(chunk)
        self.done += len(chunk)

    def save(self) -> None:
        """Force the bytes onto the disk, then say that they are there. OSError or KnownError."""
        if self.done == self.state.done:
            return
        self._part.flush()
        os.fsync(self._part.fileno())
        self.state = replace(self.state, done=self.done)
        self._files.write(self._key, self.state)

    def restart(self) -> None:
        """Forget all bytes, here and on the disk."""
        self.state = replace(self.state, done=0)
        self._files.write(self._key, self.state)
        self._part.seek(0)
        self._part.truncate(0)
        self.digest = hashlib.sha256()
        self.done = 0
