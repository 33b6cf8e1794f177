"""Parquet files as rows of text, a few thousand at a time; pyarrow is loaded when one is met."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.csvfile import MAX_ROWS, RefusedRow, Row, normalise_column
from engine.core.errors import KnownError
from engine.core.steps import Step
from engine.market.files.rows import RowSource

_BATCH = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_parquet(path: Path) -> RowSource:
    """Open a file that begins like Parquet.

    Times become ISO 8601 in UTC, floats their shortest decimal form, missing values and NaN "".
    KnownError if pyarrow is not installed, the file is damaged, or it has over MAX_ROWS rows.
    """
    try:
        import pyarrow  # noqa: PLC0415  (an optional package, and slow to load)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise KnownError(
            f"{path.name} is a Parquet file, and the package that reads these is not installed.",
            'In Assay\'s folder: .venv/bin/pip install ".[parquet]", or save the file as CSV.',
        ) from error
    damaged = KnownError(f"{path.name} is damaged: it could not be read.", "Export it again.")
    broken = (pyarrow.ArrowException, OSError, ValueError, OverflowError)
    try:
        with parquet.ParquetFile(path) as file:
            count = file.metadata.num_rows
            fields: dict[str, str] = {}
            for field in file.schema_arrow:
                if _read(field.type, pyarrow.types) is not None:
                    fields.setdefault(normalise_column(field.name), field.name)
    except broken as error:
        raise damaged from error
    if count > MAX_ROWS:
        raise KnownError(
            f"{path.name} has more than {MAX_ROWS:,} rows.",
            "Export a shorter period, or split the file.",
        )

    def rows(step: Step) -> Iterator[Row | RefusedRow]:
        number = 0
        try:
            with parquet.ParquetFile(path) as file:
                step(0.0, "0 rows read")
                for batch in file.iter_batches(
                    _BATCH, columns=list(fields.values()), use_threads=False
                ):
                    names = batch.schema.names
                    texts = [
                        _texts(batch.column(names.index(name)), pyarrow) for name in fields.values()
                    ]
                    for values in zip(*texts, strict=True):
                        number += 1
                        if number > MAX_ROWS:  # more than the file itself says
                            raise damaged
                        cells = dict(zip(fields, values, strict=True))
                        yield Row(number, ", ".join(values), cells)
                    step(number / max(count, number, 1), f"{number:,} rows read")
        except broken as error:
            raise damaged from error

    return RowSource(tuple(fields), rows)


def _read(kind: Any, types: Any) -> Callable[[Any], str] | None:
    """How a value of a type of column becomes text; None for types that are not read."""
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_timestamp(kind):
        return _time
    if types.is_float32(kind):
        return _single
    if types.is_floating(kind):
        return _double
    if types.is_decimal(kind):
        return _decimal
    if types.is_date(kind) or types.is_integer(kind) or types.is_boolean(kind):
        return str
    return str if types.is_string(kind) or types.is_large_string(kind) else None


def _texts(column: Any, pyarrow: Any) -> list[str]:
    read = _read(column.type, pyarrow.types)
    assert read is not None  # only such columns were chosen
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_timestamp(column.type):
        # Without its zone, which is only how to show it: the value itself is in UTC.
        micros = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
        column = micros.cast(pyarrow.int64())
    return ["" if value is None else read(value) for value in column.to_pylist()]


def _time(micros: int) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=micros)).isoformat()
    except OverflowError:
        return f"{micros} microseconds"


def _single(value: float) -> str:
    return "" if math.isnan(value) else str(np.float32(value))


def _double(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")
