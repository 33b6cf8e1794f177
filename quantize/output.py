"""Output files that appear whole or not at all."""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import not_written, sync_directory, sync_file

_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,18})?) ?([KMG]i?)?B?", re.I)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
HEADROOM = 64 << 20  # left free for everything else on the disk


class NoSpace(KnownError):
    """The disk is too full."""


@contextlib.contextmanager
def atomic_output(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write to; at the end it becomes `path`.

    On any exception it is removed and `path` stays as it was. OSErrors become KnownErrors.
    """
    try:
        _refuse_folder(path)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            yield temporary
            sync_file(temporary)
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):  # gone when renamed, or never made
                temporary.unlink()
        sync_directory(path.parent)
    except OSError as error:
        raise not_written(path, error) from error


def check_place(path: Path, sources: Iterable[Path]) -> None:
    """Raise KnownError where a file cannot be written in the end: its folder lacks or is closed,
    a folder is in its place, or it would replace one of the files it is made from."""
    try:
        _refuse_folder(path)
        if path.exists() and any(one.exists() and path.samefile(one) for one in sources):
            raise KnownError(
                "The new file would replace one it is made from.", "Give it another name."
            )
        with tempfile.NamedTemporaryFile(  # as long a name as any of the unfinished file
            prefix=f".{path.name}.", suffix=".part", dir=path.parent
        ):
            pass
    except OSError as error:
        raise not_written(path, error) from error


def _refuse_folder(path: Path) -> None:
    if path.is_dir():  # "." and "/" have no name
        raise KnownError(f"{path.name or path} is a folder.", "Give the name of the file to write.")


def check_space(path: Path, size: int) -> None:
    """Raise NoSpace unless `size` bytes fit on the disk of `path`, with some headroom."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise not_written(path, error) from error
    if free < size + HEADROOM:
        raise NoSpace(
            f"The new file needs {readable(size)} beside {readable(HEADROOM)} that are kept for "
            f"other programs, and only {readable(free)} are free.",
            "Free some space or write it to another disk.",
        )


def parse_size(text: str) -> int:
    """ "2.4GiB", "900 MB" or a number of bytes; ValueError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


def readable(size: int) -> str:
    """A file size for people: "17.6 MB"."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
