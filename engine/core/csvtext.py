"""The text of a CSV file nobody vouches for: size and encoding first, then bounded lines.

A file is never held in memory whole: it is checked in one streamed pass and read in another.
"""

import hashlib
import re
import stat
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from engine.core.errors import KnownError
from engine.core.files import known_os_error

MAX_BYTES = 200 * 1024 * 1024
MAX_LINE = 20_000
"""Characters of one line; a longer one is refused as a whole."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A text file that passed the checks; lines: how many line ends it has."""

    path: Path
    encoding: str
    lines: int
    sha256: str


def open_csv(path: Path) -> CsvFile:
    """Check a file before reading it: kind, size, encoding (UTF-8, UTF-16 with mark, Windows-1252).

    Raises KnownError if it is missing, a folder, empty, over MAX_BYTES, binary or undecodable.
    """
    name = path.name or str(path)
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise KnownError(f"{name} is not a file.", "Choose a CSV file.")
        if info.st_size == 0:
            raise KnownError(f"{name} is empty.", "Export it again.")
        if info.st_size > MAX_BYTES:
            raise KnownError(
                f"{name} has {info.st_size / 1e6:,.0f} MB; files over "
                f"{MAX_BYTES // 1024**2} MB are not read.",
                "Export a shorter period, or split the file.",
            )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return CsvFile(path, *_examined(path), digest)
    except OSError as error:
        raise known_os_error(f"read {name}", error) from error


def _examined(path: Path) -> tuple[str, int]:
    """The encoding the whole file can be read in, and the number of its line ends."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif head.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        lines = 0
        try:
            with path.open(encoding=encoding) as file:
                while chunk := file.read(1 << 20):
                    if _CONTROL.search(chunk):
                        raise KnownError(f"{path.name} is not a text file.", "Choose a CSV file.")
                    lines += chunk.count("\n")
            return encoding, lines
        except UnicodeError:
            continue
    raise KnownError(
        f"The characters of {path.name} could not be read.", "Save it as CSV in UTF-8."
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line; whole is False for a last line without an end: it may have been cut off."""

    number: int
    text: str
    whole: bool


class Lines:
    """The physical lines of a file, with push-back; a line of any length costs MAX_LINE at most."""

    def __init__(self, file: CsvFile) -> None:
        self._name = file.path.name
        self._number = 0
        self._pushed: deque[Line] = deque()
        try:
            self._stream: TextIO = file.path.open(encoding=file.encoding)
        except OSError as error:
            raise known_os_error(f"read {self._name}", error) from error

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def next(self) -> Line | None:
        """The next line, or None at the end. Raises KnownError if it cannot be read."""
        if self._pushed:
            return self._pushed.popleft()
        try:
            text = self._stream.readline(MAX_LINE + 2)
            rest = text
            while rest and not rest.endswith("\n"):
                rest = self._stream.readline(MAX_LINE)
            whole = rest.endswith("\n")
        except OSError as error:
            raise known_os_error(f"read {self._name}", error) from error
        except UnicodeError as error:
            raise KnownError(
                f"{self._name} changed while it was read.", "Close other programs using it."
            ) from error
        if not text:
            return None
        self._number += 1
        return Line(self._number, text.removesuffix("\n"), whole)

    def push_back(self, lines: list[Line]) -> None:
        """These lines are the next ones again."""
        self._pushed.extendleft(reversed(lines))
