"""Writing files so that a crash or a full disk leaves the old one or the new one, never a mix."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from engine.core.errors import KnownError

_SENTENCES = {
    errno.ENOSPC: ("the disk is full", "Free some space and try again."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space and try again."),
    errno.EFBIG: ("the file would be too big", "Free some space and try again."),
    errno.EACCES: ("access is denied", "Check the permissions of that folder."),
    errno.EPERM: ("access is denied", "Check the permissions of that folder."),
    errno.EROFS: ("that place is read-only", "Choose a folder you can write to."),
    errno.ENOENT: ("it does not exist", "Check the path."),
    errno.ENOTDIR: ("part of the path is not a folder", "Check the path."),
    errno.EISDIR: ("it is a folder", "Choose a file."),
    errno.ENAMETOOLONG: ("its name is too long", "Give it a shorter name."),
    errno.EEXIST: ("there is a file of that name", "Choose another name."),
}


def known_os_error(action: str, error: OSError) -> KnownError:
    """A KnownError for an OSError; action completes "Could not …" ("write the backup")."""
    reason, hint = _SENTENCES.get(
        error.errno or 0, (error.strerror or type(error).__name__, "Check the disk and try again.")
    )
    return KnownError(f"Could not {action}: {reason}.", hint)


@contextlib.contextmanager
def known_os_errors(action: str) -> Iterator[None]:
    """Inside, an OSError becomes a KnownError; action: as of known_os_error."""
    try:
        yield
    except OSError as error:
        raise known_os_error(action, error) from error


def not_written(path: Path, error: OSError) -> KnownError:
    """The error for a file that could not be written; what is missing then is its folder."""
    if error.errno == errno.ENOENT and not path.parent.is_dir():
        return KnownError(
            f"Could not write {path.name}: there is no folder {path.parent}.", "Check the path."
        )
    return known_os_error(f"write {path.name}", error)


def write_atomic(path: Path, data: bytes) -> None:
    """Put data at path with mode 0600: temporary file, fsync, rename, fsync of the folder.

    Raises KnownError; the old file, if any, is then as it was.
    """
    with _temporary(path, data) as temporary:
        os.replace(temporary, path)
        sync_directory(path.parent)


def create_atomic(path: Path, data: bytes) -> bool:
    """As write_atomic, but a file that is already there stays; returns whether data was written."""
    with _temporary(path, data) as temporary:
        return move_new(temporary, path)


@contextlib.contextmanager
def new_text_file(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file to write to that gets its name, path, when all of it is on the disk.

    Raises KnownError if there is a file of that name or it cannot be written; line ends are kept.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if not move_new(Path(name), path):
                raise FileExistsError(errno.EEXIST, "")
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from error


def move_new(source: Path, target: Path) -> bool:
    """Rename a finished file unless target is already there; returns whether it was renamed.

    Safe against another process doing the same, except on file systems without hard links.
    Raises OSError.
    """
    try:
        os.link(source, target)
        source.unlink()
    except OSError:
        if target.exists():
            return False
        os.replace(source, target)
    sync_directory(target.parent)
    return True


def sync_file(path: Path) -> None:
    """Make what was written to a file lasting; OSError if that fails."""
    _sync(path)


def sync_directory(path: Path) -> None:
    """Make a rename in a folder lasting; Windows needs and offers no such call."""
    if os.name != "nt":
        _sync(path)


@contextlib.contextmanager
def _temporary(path: Path, data: bytes) -> Iterator[Path]:
    """A synced file with the data beside path, removed at the end if it is still there."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
