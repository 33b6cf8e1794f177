"""Tables in CSV files nobody vouches for: the header first, then row by row."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from engine.core.csvtext import MAX_LINE, CsvFile, Line, Lines
from engine.core.errors import KnownError
from engine.core.steps import Repeated, Step, unwatched

T = TypeVar("T")

MAX_ROWS = 2_000_000
MAX_QUOTED_LINES = 20
PREAMBLE_LINES = 30
"""How far down the header may stand: some exports begin with a few lines of prose."""
NAME_LENGTH = 255
"""Characters of a file's name that are kept; clean_text takes out those nothing can store."""

_DELIMITERS = (",", ";", "\t")
_SHOWN_TEXT = 200
_STEP_ROWS = 100
"""Rows between two steps of a reading."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that was not taken; line counts from 1, text is its beginning, cleaned."""

    line: int
    reason: str
    text: str


class Row(NamedTuple):
    """One row of a table: fields by normalised column name, missing ones are ""."""

    line: int
    text: str
    fields: Mapping[str, str]

    def refused(self, reason: str) -> RefusedRow:
        """This row as one that was not taken."""
        return RefusedRow(self.line, reason, clean_text(self.text, _SHOWN_TEXT))


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A CSV file whose header was recognised as `kind`."""

    file: CsvFile
    kind: T
    columns: tuple[str, ...]
    delimiter: str
    header_line: int

    def rows(self, step: Step = unwatched) -> Iterator[Row | RefusedRow]:
        """The rows below the header, blank lines left out; KnownError over MAX_ROWS rows.

        step: called before the first row and now and then; what it raises ends the reading.
        """
        count, step = 0, Repeated(step)
        columns, delimiter = self.columns, self.delimiter
        with Lines(self.file, step.again) as lines:
            for _ in range(self.header_line):
                lines.next()
            while (line := lines.next()) is not None:
                number, text, _ = line
                if not text or text.isspace():
                    continue
                if count % _STEP_ROWS == 0:
                    step(number / max(number, self.file.lines), f"{count:,} rows read")
                count += 1
                if count > MAX_ROWS:
                    raise KnownError(
                        f"{self.file.path.name} has more than {MAX_ROWS:,} rows.",
                        "Export a shorter period, or split the file.",
                    )
                if '"' in text:
                    line = self._joined(line, lines)
                elif len(text) <= MAX_LINE:
                    values = text.split(delimiter)
                    if len(values) == len(columns):  # nearly every row of a long file
                        # strict=False, which says the same, takes twice the time.
                        yield Row(number, text, dict(zip(columns, values)))  # noqa: B905
                        continue
                yield self._row(*line)

    def _joined(self, line: Line, lines: Lines) -> Line:
        """The line with those after it, where a quoted field spans several."""
        following: list[Line] = []
        record = line.text
        while len(following) < MAX_QUOTED_LINES and record.count('"') % 2:
            more = lines.next()
            if more is None:
                break
            following.append(more)
            record += "\n" + more.text
        if not following:
            return line
        values = split_record(record, self.delimiter)
        if values is not None and len(values) == len(self.columns):
            return Line(line.number, record, True)
        # A stray quotation mark spoils its own line only.
        lines.push_back(following)
        return line

    def _row(self, number: int, record: str, whole: bool) -> Row | RefusedRow:
        values = split_record(record, self.delimiter)
        expected = len(self.columns)
        if values is None:
            reason = "a quotation mark is never closed, or the line is too long"
        elif len(values) < expected and not whole:
            reason = f"the line is cut off: it has {len(values)} of {expected} columns"
        elif len(values) > expected and any(value.strip() for value in values[expected:]):
            reason = f"it has {len(values)} columns where the header has {expected}"
        else:
            values += [""] * (expected - len(values))
            # strict=False, which says the same, takes twice the time.
            return Row(number, record, dict(zip(self.columns, values)))  # noqa: B905
        return Row(number, record, {}).refused(reason)


def find_table(
    file: CsvFile, match: Callable[[tuple[str, ...]], T | None], formats: str
) -> Table[T]:
    """Find the header among the first lines, by its column names alone.

    match: what the normalised column names mean, or None. formats: the hint that lists what is
    known. Raises KnownError naming the columns found.
    """
    found: tuple[str, ...] = ()
    with Lines(file) as lines:
        for number in range(1, PREAMBLE_LINES + 1):
            line = lines.next()
            if line is None:
                break
            for delimiter in _DELIMITERS:
                values = split_record(line.text, delimiter) or []
                columns = column_names(values)
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
    if '"' not in record:
        return record.split(delimiter) if record else []
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def normalise_column(name: str) -> str:
    """A column's name as it is compared: lower case, single blanks, no invisible characters."""
    return " ".join(clean_text(name, 100).lower().replace("_", " ").split())


def column_names(header: Iterable[str]) -> tuple[str, ...]:
    """The names of a header's columns as they are compared; the second "cur." is "cur. 2"."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for title in header:
        name = numbered = normalise_column(title)
        while name and numbered in counts:
            counts[name] += 1
            numbered = f"{name} {counts[name]}"
        counts[numbered] = 1
        names.append(numbered)
    return tuple(names)


def clean_text(text: str, limit: int) -> str:
    """Untrusted text on one line: control and other invisible characters become blanks."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
