"""What Parquet and JSON files give alike: columns, and rows of text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.core.csvfile import RefusedRow, Row
from engine.core.steps import Step

Reader = Callable[[Step], Iterator[Row | RefusedRow]]
"""Reads rows, telling how far it is; each Row has every column, "" where it is missing."""


@dataclass(frozen=True, slots=True)
class RowSource:
    """The normalised names of the columns, and what reads the rows below them."""

    columns: tuple[str, ...]
    rows: Reader
