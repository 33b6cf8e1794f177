"""The builds of a data folder: a folder each, which appears and goes whole."""

import filecmp
import hashlib
import os
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.builds.record import Record, read_record, write_record
from engine.builds.source import expanded
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.files import known_os_errors, sync_directory
from engine.model.naming import readable

_KEY = re.compile(r"[a-z0-9-]{1,40}-[0-9a-f]{8}")
_LONGEST_NAME = 80
_LARGEST_TEXT = 64 << 20


def checked_name(name: str) -> str:
    """The name of a build, and of its model. Raises KnownError."""
    found = " ".join(name.split())
    if not found or found != clean_text(found, _LONGEST_NAME):
        raise KnownError("A model's name has 1 to 80 letters and signs.", "Choose another name.")
    if not readable(found, ""):
        raise KnownError("A checksum tells nobody what a model is.", "Choose another name.")
    return found


def key_of(name: str) -> str:
    """The folder of the build of this name."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "model"
    return f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class Shelf:
    """Where the builds are."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, key: str) -> Path:
        """The folder of a build. KnownError for what is no key."""
        if not _KEY.fullmatch(key):
            raise KnownError("There is no such build.", "`assay models builds` lists them.")
        return self._root / key

    def known(self) -> list[str]:
        """All builds, by name."""
        try:
            return sorted(path.name for path in self._root.iterdir() if _KEY.fullmatch(path.name))
        except OSError:
            return []

    def read(self, key: str) -> Record:
        """What is written down of a build. Raises KnownError."""
        folder = self.folder(key)
        if not folder.is_dir():
            raise KnownError("There is no such build.", "`assay models builds` lists them.")
        return read_record(folder)

    def write(self, key: str, record: Record) -> None:
        """Write it down. Raises KnownError."""
        write_record(self.folder(key), record)

    def create(self, record: Record) -> str:
        """Put a build there that has not begun, with copies of its texts; its key. KnownError."""
        key = key_of(record.order.name)
        new = self._root / f".new-{secrets.token_hex(4)}"
        with known_os_errors("begin the build"):
            new.mkdir(mode=0o700, parents=True)
            try:
                names = [_copied(text, new, number) for number, text in _texts(record)]
                texts = tuple(self._root / key / name for name in names)
                order = replace(record.order, texts=texts)
                write_record(new, replace(record, order=order))
                os.rename(new, self._root / key)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                raise
            sync_directory(self._root)
        return key

    def delete(self, key: str) -> int:
        """Delete a build with its files; the bytes freed. Raises KnownError."""
        folder = self.folder(key)
        freed = space(folder)
        gone = self._root / f".gone-{secrets.token_hex(4)}"
        with known_os_errors("delete the build"):
            with suppress(FileNotFoundError):
                os.rename(folder, gone)
            shutil.rmtree(gone, ignore_errors=True)
        return freed


def space(folder: Path) -> int:
    """Bytes that deleting a folder would free."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found = (Path(place) / name).lstat()
                size += found.st_size if found.st_nlink == 1 else 0
    return size


def is_copy(copy: Path, text: Path) -> bool:
    """Whether a copy is one of this text, whose name counts if it is gone. Raises KnownError."""
    with known_os_errors(f"read {text.name[-_LONGEST_NAME:]}"):
        if (there := expanded(text)).is_file():
            return filecmp.cmp(copy, there, shallow=False)
    return copy.name.partition("-")[2].partition("-")[2] == text.name[-_LONGEST_NAME:]


def _texts(record: Record) -> list[tuple[int, Path]]:
    return list(enumerate(record.order.texts, 1))


def text_bytes(text: Path) -> bytes:
    """A text to calibrate on, as it is in its file. Raises KnownError if it is none."""
    with known_os_errors(f"read {text.name[-_LONGEST_NAME:]}"):
        if not text.is_file():
            raise KnownError(f"There is no file {text}.", "Check the path.")
        if text.stat().st_size > _LARGEST_TEXT:
            raise KnownError(f"{text.name} is larger than 64 MB.", "A few hundred kB are plenty.")
        data = text.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise KnownError(f"{text.name} is not UTF-8 text.", "Choose a text file.") from error
    return data


def _copied(text: Path, folder: Path, number: int) -> str:
    """Copy a text into a folder; its name there. Raises KnownError and OSError."""
    data = text_bytes(text)
    name = f"text-{number}-{text.name[-_LONGEST_NAME:]}"
    (folder / name).write_bytes(data)
    return name
