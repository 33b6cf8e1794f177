"""The parts of downloads on the disk: each with a state file beside it that outlives a kill.

Their names are made from what was asked for, so that nothing a server says becomes a name.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error, write_atomic
from engine.core.locks import lock
from engine.model.catalogue_file import FILE, REPO, REVISION, SHA256

PART, STATE, LOCK = ".part", ".json", ".lock"
_KEY = re.compile(r"[0-9a-f]{32}")
DISK_RESERVE = 256 << 20  # bytes that stay free beside models


@dataclass(frozen=True, slots=True)
class DownloadState:
    """How far a download is.

    repo, file, revision: what was asked for; entry: its id in the catalogue or ""; commit, tag,
    size, sha256: what the Hub said of it ("" where it said nothing); host_tag: what the host
    with the bytes calls this content; done: bytes that are surely on the disk.
    """

    repo: str
    file: str
    revision: str
    entry: str
    name: str
    commit: str
    tag: str
    host_tag: str
    size: int
    sha256: str
    done: int

    @property
    def named(self) -> bool:
        """Whether it would be noticed if there were another file of this size now."""
        return bool(self.commit or self.tag or self.host_tag or self.sha256)


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part on the disk. state: None if nothing is known of it; bytes: what deleting it frees."""

    key: str
    state: DownloadState | None
    bytes: int


def key_of(repo: str, file: str, revision: str) -> str:
    """The name under which the part of a file is kept."""
    return hashlib.sha256(f"{repo}\n{revision}\n{file}".encode()).hexdigest()[:32]


class DownloadFiles:
    """The folder of parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def part(self, key: str) -> Path:
        """Where the bytes are."""
        return self.folder / f"{_checked(key)}{PART}"

    def read(self, key: str) -> DownloadState | None:
        """How far a download is; None if there is none, or its state cannot be used."""
        try:
            data = json.loads((self.folder / f"{_checked(key)}{STATE}").read_bytes()[: 1 << 16])
            state = DownloadState(**data)
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        # What is whole may have been moved into place just before the program was ended.
        if not _sound(state, key):
            return None
        there = _size(self.part(key)) >= state.done or state.done == state.size
        return state if there else None

    def write(self, key: str, state: DownloadState) -> None:
        """Store how far a download is, for certain. Raises KnownError."""
        self.prepare()
        text = json.dumps(asdict(state), indent=1)
        write_atomic(self.folder / f"{_checked(key)}{STATE}", text.encode())

    def prepare(self) -> None:
        """Make the folder. Raises KnownError."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise known_os_error("prepare the folder for downloads", error) from error

    def discard(self, key: str) -> int:
        """Delete a part and its state; returns the bytes freed. KnownError if that fails."""
        freed = 0
        try:
            for suffix in (PART, STATE):
                path = self.folder / f"{_checked(key)}{suffix}"
                with suppress(FileNotFoundError):
                    size = path.stat().st_size
                    path.unlink()
                    freed += size if suffix == PART else 0
        except OSError as error:
            raise known_os_error("delete what was downloaded", error) from error
        with suppress(OSError):
            (self.folder / f"{key}{LOCK}").unlink()
        return freed

    def kept(self) -> list[KeptPart]:
        """Every part on the disk, by name."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return []
        parted = [name.partition(".") for name in names]
        found = {stem for stem, dot, end in parted if dot + end in (PART, STATE)}
        parts = []
        for key in sorted(key for key in found if _KEY.fullmatch(key)):
            parts.append(KeptPart(key, self.read(key), _size(self.part(key))))
        return sorted(parts, key=lambda part: part.state.name.lower() if part.state else "")

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Nobody else downloads this file meanwhile; KnownError if somebody does."""
        self.prepare()
        path = self.folder / f"{_checked(key)}{LOCK}"
        try:
            file = open(path, "ab")  # noqa: SIM115  (closed below)
        except OSError as error:
            raise known_os_error("begin the download", error) from error
        try:
            lock(file)
        except OSError:
            file.close()
            raise KnownError("This file is being downloaded already.") from None
        try:
            yield
        finally:
            # Deleted while it is still held, so that nobody can hold a file without a name.
            with suppress(OSError):
                path.unlink()
            file.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise KnownError("There is no such download.", "List the downloads.")
    return key


def _sound(state: DownloadState, key: str) -> bool:
    """Whether a state read from the disk is one that was written there for this part."""
    texts = [getattr(state, one.name) for one in fields(state) if one.type is str]
    numbers = (state.size, state.done)
    return (
        all(isinstance(text, str) and len(text) <= 300 for text in texts)
        and all(isinstance(number, int) for number in numbers)
        and 0 <= state.done <= state.size
        and REPO.fullmatch(state.repo) is not None
        and FILE.fullmatch(state.file) is not None
        and REVISION.fullmatch(state.revision) is not None
        and (not state.sha256 or SHA256.fullmatch(state.sha256) is not None)
        and key == key_of(state.repo, state.file, state.revision)
    )
