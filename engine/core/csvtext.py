"""The text of a CSV file nobody vouches for: size and encoding first, then bounded lines.

A file is never held in memory whole: it is checked in one streamed pass and read in another.
"""

import hashlib
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.core.steps import Step, unwatched

MAX_BYTES = 400 * 1024 * 1024
MAX_LINE = 20_000
"""Characters of one line; a longer one is refused as a whole."""

_KEPT = MAX_LINE + 2
"""Characters of a line that are kept: enough to see that it is too long."""
_BLOCK = 1 << 18
_CONTROLS = tuple(map(chr, [*range(9), *range(14, 32)]))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A text file that passed the checks; lines: how many line ends it has."""

    path: Path
    encoding: str
    lines: int
    sha256: str


def open_csv(path: Path, step: Step = unwatched) -> CsvFile:
    """Check a file before reading it: kind, size, encoding (UTF-8, UTF-16 with mark, Windows-1252).

    step: called at every block of a long file; what it raises ends the check. Raises KnownError if
    the file is missing, a folder, empty, over MAX_BYTES, binary or undecodable.
    """
    sha256 = checked_file(path, MAX_BYTES, "a CSV file", step)
    try:
        return CsvFile(path, *_examined(path, step), sha256)
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error


def checked_file(path: Path, max_bytes: int, what: str, step: Step = unwatched) -> str:
    """The SHA-256 of a file that is one and not too big; what: the kind of file to choose instead.

    step: called at every block of a long file. Raises KnownError if it is missing, a folder, empty
    or over max_bytes.
    """
    name = path.name or str(path)
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise KnownError(f"{name} is not a file.", f"Choose {what}.")
        if info.st_size == 0:
            raise KnownError(f"{name} is empty.", "Export it again.")
        if info.st_size > max_bytes:
            raise KnownError(
                f"{name} has {info.st_size / 1e6:,.0f} MB; files over "
                f"{max_bytes // 1024**2} MB are not read.",
                "Export a shorter period, or split the file.",
            )
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while len(block := file.read(_BLOCK)) == _BLOCK:
                digest.update(block)
                step(0, f"checking {name}")
        digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        raise known_os_error(f"read {name}", error) from error


def _examined(path: Path, step: Step) -> tuple[str, int]:
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
                while block := file.read(_BLOCK):
                    # Much faster than one regular expression, which looks at each character.
                    if any(control in block for control in _CONTROLS):
                        raise KnownError(f"{path.name} is not a text file.", "Choose a CSV file.")
                    lines += block.count("\n")
                    if len(block) == _BLOCK:
                        step(0, f"checking {path.name}")
            return encoding, lines
        except UnicodeError:
            continue
    raise KnownError(
        f"The characters of {path.name} could not be read.", "Save it as CSV in UTF-8."
    )


class Line(NamedTuple):
    """One line; whole is False for a last line without an end: it may have been cut off."""

    number: int
    text: str
    whole: bool


class Lines:
    """The physical lines of a file, with push-back; of a line of any length _KEPT is kept.

    check: called after every block of a long file; what it raises ends the reading.
    """

    def __init__(self, file: CsvFile, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._name = file.path.name
        self._pushed: deque[Line] = deque()
        try:
            self._stream = file.path.open(encoding=file.encoding)
        except OSError as error:
            raise known_os_error(f"read {self._name}", error) from error
        self._lines = self._read()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def next(self) -> Line | None:
        """The next line, or None at the end. Raises KnownError if it cannot be read."""
        return self._pushed.popleft() if self._pushed else next(self._lines, None)

    def push_back(self, lines: list[Line]) -> None:
        """These lines are the next ones again."""
        self._pushed.extendleft(reversed(lines))

    def _read(self) -> Iterator[Line]:
        number, begun = 0, ""
        while block := self._block():
            texts = (begun + block).split("\n")
            begun = texts.pop()[:_KEPT]
            for text in texts:
                number += 1
                yield Line(number, text[:_KEPT], True)
            if len(block) == _BLOCK:
                self._check()
        if begun:
            yield Line(number + 1, begun, False)

    def _block(self) -> str:
        try:
            return self._stream.read(_BLOCK)
        except OSError as error:
            raise known_os_error(f"read {self._name}", error) from error
        except UnicodeError as error:
            raise KnownError(
                f"{self._name} changed while it was read.", "Close other programs using it."
            ) from error
