"""The beginning of a file whose columns nobody knows yet."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.core.csvfile import Row, Table, clean_text, find_table
from engine.core.csvtext import CsvFile, open_csv
from engine.core.errors import KnownError
from engine.core.steps import Step, unwatched

_ROWS = 20
_FIELD_LENGTH = 200
_FEWEST = 2
"""Columns that make a table."""
MOST_WORDS = 40
"""Kinds of transactions that a file has at most."""
_TOO_MANY = 5_000


@dataclass(frozen=True, slots=True)
class Peek:
    """A file's columns, by their normalised names, and its first rows.

    rows: a text for each column. header_line: where the names stand, from 1.
    """

    file_name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    header_line: int


def peek(path: Path) -> Peek:
    """Look at a file. Raises KnownError if it is no table."""
    table = _table(open_csv(path))
    rows = islice((row for row in table.rows() if isinstance(row, Row)), _ROWS)
    return Peek(
        file_name=clean_text(path.name, _FIELD_LENGTH),
        columns=table.columns,
        rows=tuple(
            tuple(clean_text(row.fields[name], _FIELD_LENGTH) for name in table.columns)
            for row in rows
        ),
        delimiter=table.delimiter,
        header_line=table.header_line,
    )


def column_words(path: Path, column: str, step: Step = unwatched) -> tuple[str, ...]:
    """The different words of a column in the whole file, in lower case, the most frequent first.

    At most MOST_WORDS of them. Raises KnownError if the file is no table or has no such column.
    """
    table = _table(open_csv(path))
    if column not in table.columns:
        raise KnownError(f"{path.name} has no column {column}.", "Choose another one.")
    words: Counter[str] = Counter()
    for row in table.rows(step):
        # A column of numbers or of texts has no words; a few thousand different ones say so.
        if isinstance(row, Row) and len(words) <= _TOO_MANY:
            words[clean_text(row.fields[column], _FIELD_LENGTH).lower()] += 1
    del words[""]
    return tuple(word for word, _ in words.most_common(MOST_WORDS))


def _table(file: CsvFile) -> Table[bool]:
    """The table below the first of the lines with the most names."""
    widest: tuple[str, ...] = ()

    def compare(columns: tuple[str, ...]) -> None:
        nonlocal widest
        if sum(map(bool, columns)) > sum(map(bool, widest)):
            widest = columns

    with suppress(KnownError):
        find_table(file, compare, "")
    if sum(map(bool, widest)) < _FEWEST:
        raise KnownError(f"{file.path.name} holds no table with a header.", "Choose a CSV file.")
    return find_table(file, lambda columns: columns == widest or None, "")
