"""Reading tables from CSV files nobody vouches for: size, encoding and header first, then rows.

A file is never held in memory whole: it is checked in one streamed pass and read in another.
"""

import csv
import hashlib
import re
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TextIO, TypeVar

from engine.core.errors import KnownError
from engine.core.files import known_os_error

T = TypeVar("T")

MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 500_000
MAX_LINE = 20_000
"""Characters of one line; a longer one is refused as a whole."""
MAX_QUOTED_LINES = 20
PREAMBLE_LINES = 30
"""How far down the header may stand: some exports begin with a few lines of prose."""
NAME_LENGTH = 255
"""Characters of a file's name that are kept; clean_text takes out those nothing can store."""

_DELIMITERS = (",", ";", "\t")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SHOWN_TEXT = 200


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that was not taken; line counts from 1, text is its beginning, cleaned."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: fields by normalised column name, missing ones are ""."""

    line: int
    text: str
    fields: Mapping[str, str]

    def refused(self, reason: str) -> RefusedRow:
        """This row as one that was not taken."""
        return RefusedRow(self.line, reason, clean_text(self.text, _SHOWN_TEXT))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A text file that passed the checks."""

    path: Path
    encoding: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A CSV file whose header was recognised as `kind`."""

    file: CsvFile
    kind: T
    columns: tuple[str, ...]
    delimiter: str
    header_line: int

    def rows(self, check: Callable[[], None] = lambda: None) -> Iterator[Row | RefusedRow]:
        """The rows below the header, blank lines left out; KnownError over MAX_ROWS rows.

        check: called before each row; what it raises ends the reading.
        """
        with _Lines(self.file) as lines:
            for _ in range(self.header_line):
                lines.next()
            for count, (number, record, whole) in enumerate(_records(lines, self), start=1):
                check()
                if count > MAX_ROWS:
                    raise KnownError(
                        f"{self.file.path.name} has more than {MAX_ROWS:,} rows.",
                        "Export a shorter period, or split the file.",
                    )
                yield self._row(number, record, whole)

    def _row(self, number: int, record: str, whole: bool) -> Row | RefusedRow:
        values = split_record(record, self.delimiter)
        row = Row(number, record, {})
        if values is None:
            return row.refused("a quotation mark is never closed, or the line is too long")
        expected = len(self.columns)
        if len(values) < expected and not whole:
            return row.refused(f"the line is cut off: it has {len(values)} of {expected} columns")
        if any(value.strip() for value in values[expected:]):
            return row.refused(f"it has {len(values)} columns where the header has {expected}")
        values += [""] * (expected - len(values))
        return Row(number, record, dict(zip(self.columns, values, strict=False)))


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
        return CsvFile(path, _encoding(path), digest)
    except OSError as error:
        raise known_os_error(f"read {name}", error) from error


def find_table(
    file: CsvFile, match: Callable[[tuple[str, ...]], T | None], formats: str
) -> Table[T]:
    """Find the header among the first lines, by its column names alone.

    match: what the normalised column names mean, or None. formats: the hint that lists what is
    known. Raises KnownError naming the columns found.
    """
    found: tuple[str, ...] = ()
    with _Lines(file) as lines:
        for number in range(1, PREAMBLE_LINES + 1):
            line = lines.next()
            if line is None:
                break
            for delimiter in _DELIMITERS:
                values = split_record(line.text, delimiter) or []
                columns = tuple(normalise_column(value) for value in values)
                kind = match(columns)
                if kind is not None:
                    return Table(file, kind, columns, delimiter, number)
                if sum(map(bool, columns)) > sum(map(bool, found)):
                    found = columns
    shown = ", ".join(clean_text(column, 30) for column in found[:14])
    raise KnownError(
        f"{file.path.name} has the columns {shown}: no known format has these."
        if len(found) > 1
        else f"{file.path.name} holds no table with a header that is known.",
        formats,
    )


def split_record(record: str, delimiter: str) -> list[str] | None:
    """The fields of one record, or None if it is not well-formed."""
    if len(record) > MAX_LINE:
        return None
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def normalise_column(name: str) -> str:
    """A column's name as it is compared: lower case, single blanks, no invisible characters."""
    return " ".join(clean_text(name, 100).lower().replace("_", " ").split())


def clean_text(text: str, limit: int) -> str:
    """Untrusted text on one line: control and other invisible characters become blanks."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    whole: bool
    """False for a last line without an end: it may have been cut off."""


class _Lines:
    """The physical lines of a file, with push-back; a line of any length costs MAX_LINE at most."""

    def __init__(self, file: CsvFile) -> None:
        self._name = file.path.name
        self._number = 0
        self._pushed: deque[_Line] = deque()
        try:
            self._stream: TextIO = file.path.open(encoding=file.encoding)
        except OSError as error:
            raise known_os_error(f"read {self._name}", error) from error

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def next(self) -> _Line | None:
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
        return _Line(self._number, text.removesuffix("\n"), whole)

    def push_back(self, lines: list[_Line]) -> None:
        self._pushed.extendleft(reversed(lines))


def _records(lines: _Lines, table: Table[T]) -> Iterator[tuple[int, str, bool]]:
    """Lines joined where a quoted field spans several; as (first line number, text, whole)."""
    while (line := lines.next()) is not None:
        if not line.text.strip():
            continue
        if line.text.count('"') % 2 == 0:
            yield line.number, line.text, line.whole
            continue
        following: list[_Line] = []
        record = line.text
        while len(following) < MAX_QUOTED_LINES and record.count('"') % 2:
            more = lines.next()
            if more is None:
                break
            following.append(more)
            record += "\n" + more.text
        values = split_record(record, table.delimiter)
        if values is not None and len(values) == len(table.columns):
            yield line.number, record, True
        else:
            # A stray quotation mark spoils its own line only.
            lines.push_back(following)
            yield line.number, line.text, line.whole


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif head.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        try:
            with path.open(encoding=encoding) as file:
                while chunk := file.read(1 << 20):
                    if _CONTROL.search(chunk):
                        raise KnownError(f"{path.name} is not a text file.", "Choose a CSV file.")
            return encoding
        except UnicodeError:
            continue
    raise KnownError(
        f"The characters of {path.name} could not be read.", "Save it as CSV in UTF-8."
    )
