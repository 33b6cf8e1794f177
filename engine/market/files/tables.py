"""Rows of text from a file, whether it is CSV, Parquet or JSON; which one, its first bytes say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from engine.core.csvfile import NAME_LENGTH, RefusedRow, Row, clean_text, find_table
from engine.core.csvtext import MAX_BYTES, checked_file, open_csv
from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_symbol
from engine.core.files import known_os_error
from engine.core.steps import Step
from engine.core.words import capitalised
from engine.market.files.jsonrows import json_rows, load_json
from engine.market.files.parquet import open_parquet
from engine.market.files.rows import Reader

T = TypeVar("T")
R = TypeVar("R")

Unit = Literal["line", "row", "entry"]
Match = Callable[[tuple[str, ...]], T | None]
"""What normalised column names mean, or None."""

Columns = Mapping[str, str]
"""The column that holds each role, by role."""

_WHITE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """About a file: its name, cleaned; how it is written ("CSV"); what its rows are counted as."""

    name: str
    sha256: str
    what: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class DataTable(Generic[T]):
    """A table whose columns were recognised as `kind`, and what reads its rows."""

    facts: FileFacts
    kind: T
    rows: Reader

    @property
    def name(self) -> str:
        """The file's name, cleaned."""
        return self.facts.name


@dataclass(frozen=True, slots=True)
class Given:
    """What the user says where the file does not: whose data they are, and their currency.

    usual: the currency of prices if neither says it. A file's name is never trusted for these.
    """

    asset: str | None = None
    currency: str | None = None
    usual: str | None = None

    def symbol(self) -> str | None:
        """The asset as a symbol. Raises KnownError if it is none."""
        return None if self.asset is None else _symbol(self.asset, "asset")

    def unit(self) -> str | None:
        """The currency as a symbol. Raises KnownError if it is none."""
        return None if self.currency is None else _symbol(self.currency, "currency")


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What importing a file would store, and what not; first and last are None without rows.

    what: how the file is written. unit: what `line` of a refused row counts.
    """

    file_name: str
    file_hash: str
    what: str
    unit: Unit
    first: date | None
    last: date | None
    refused: tuple[RefusedRow, ...]
    warnings: tuple[str, ...]


def first_and_last(days: Iterable[date]) -> tuple[date | None, date | None]:
    """The earliest and the latest of some days in any order, None for none."""
    known = set(days)
    return min(known, default=None), max(known, default=None)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that passed the first checks; data: the value of a JSON file, else None."""

    path: Path
    sha256: str
    container: Literal["CSV", "Parquet", "JSON"]
    data: Any = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The file's name, cleaned."""
        return clean_text(self.path.name, NAME_LENGTH)

    def table(self, match: Match[T], formats: str) -> DataTable[T]:
        """Recognise the columns; formats: the hint that lists what is known. Raises KnownError."""
        if self.container == "CSV":
            table = find_table(open_csv(self.path), match, formats)
            return DataTable(self._facts("line"), table.kind, table.rows)
        if self.container == "Parquet":
            rows = open_parquet(self.path)
        else:
            rows = json_rows(self.path, self.data)
        kind = match(rows.columns)
        if kind is None:
            shown = ", ".join(clean_text(column, 30) for column in rows.columns[:14])
            raise KnownError(
                f"{self.name} has the columns {shown}: no known format has these.", formats
            )
        unit: Unit = "row" if self.container == "Parquet" else "entry"
        return DataTable(self._facts(unit), kind, rows.rows)

    def _facts(self, unit: Unit) -> FileFacts:
        return FileFacts(self.name, self.sha256, self.container, unit)


def open_file(path: Path) -> DataFile:
    """Open a file and see by its first bytes how it is written. Raises KnownError."""
    sha256 = checked_file(path, MAX_BYTES, "a CSV, Parquet or JSON file")
    try:
        with path.open("rb") as file:
            head = file.read(1024).removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    if head.startswith(b"PAR1"):
        return DataFile(path, sha256, "Parquet")
    if head.lstrip(_WHITE)[:1] in (b"{", b"["):
        return DataFile(path, sha256, "JSON", load_json(path))
    return DataFile(path, sha256, "CSV")


def find_columns(names: Mapping[str, Sequence[str]], columns: tuple[str, ...]) -> dict[str, str]:
    """Which column holds which role; of several names of a role the first that is there."""
    found = {}
    for role, known in names.items():
        column = next((name for name in known if name in columns), None)
        if column is not None:
            found[role] = column
    return found


def cell(row: Row, columns: Columns, role: str) -> str:
    """The text of a role in a row; "" where there is none."""
    return row.fields[columns[role]].strip() if role in columns else ""


def readable(
    table: DataTable[T], read: Callable[[Row], R], step: Step
) -> tuple[list[R], list[RefusedRow]]:
    """What could be read of the rows, and those refused: `read` raised FieldError.

    Raises KnownError if the table has no rows.
    """
    taken: list[R] = []
    refused: list[RefusedRow] = []
    for row in table.rows(step):
        if isinstance(row, RefusedRow):
            refused.append(row)
            continue
        try:
            taken.append(read(row))
        except FieldError as error:
            refused.append(row.refused(str(error)))
    if not taken and not refused:
        below = "below its header" if table.facts.unit == "line" else "in it"
        raise KnownError(f"{table.name} holds no rows {below}.", "Export it again.")
    return taken, refused


def _symbol(text: str, name: str) -> str:
    try:
        return read_symbol(text, name)
    except FieldError as error:
        sentence = f"{error}."
        raise KnownError(capitalised(sentence), "A symbol looks like BTC or USD.") from error
