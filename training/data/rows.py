"""Rows of JSON lines (plain or .xz), JSON and Parquet files, each with its place for messages."""

import json
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.core.words import counted

SUFFIXES = (".jsonl", ".jsonl.xz", ".json", ".parquet")


def find(where: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """The files meant by a path: one file, all known ones below a folder, or a pattern in a name.

    Raises FileNotFoundError if there is none.
    """
    if where.is_file():
        return [where]
    candidates = where.rglob("*") if where.is_dir() else where.parent.glob(where.name)
    found = sorted(p for p in candidates if p.is_file() and p.name.endswith(suffixes))
    if not found:
        raise FileNotFoundError(f"{where}: there is no {', '.join(suffixes)} file.")
    return found


def read(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield ("NAME, line 3", row) for each row; ValueError that names the place it cannot read.

    A .json file holds a list, one object or, as is common, JSON lines. Parquet needs pyarrow.
    """
    if path.suffix == ".parquet":
        table = _parquet(path)
    elif path.suffix == ".json" and (value := _whole(path)) is not None:
        table = iter(value if isinstance(value, list) else [value])
    else:
        yield from _lines(path)
        return
    for number, row in enumerate(table, 1):
        yield f"{path.name}, row {number}", row


def as_object(row: Any) -> Mapping[str, Any]:
    """The row; ValueError if it is a number, a list or a text."""
    if not isinstance(row, Mapping):
        raise ValueError("the row is not an object")
    return row


def reason(error: Exception) -> str:
    """What is wrong with a row, in words; of a KeyError the message is only the key."""
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


def nothing_left(path: Path, too_long: int, noun: str, longest: int) -> ValueError:
    """What to raise if a file has no row, or none of at most longest tokens."""
    if not too_long:
        return ValueError(f"{path} is empty.")
    those = f"All {counted(too_long, noun)}" if too_long > 1 else f"The only {noun}"
    verb = "are" if too_long > 1 else "is"
    return ValueError(f"{those} of {path} {verb} longer than {longest:,} tokens; raise context.")


def text(path: Path) -> str:
    """The text of a file; ValueError that names the line which is not UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path.name}, line {line}: not UTF-8") from error


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    where = f"{path.name}, line {number}"
                    yield where, _row(line, where)
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{path}: the .xz file is damaged ({error})") from error


def _row(line: bytes, where: str) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not JSON ({error})") from error


def _whole(path: Path) -> Any:
    try:
        return json.loads(text(path))
    except json.JSONDecodeError:
        return None


def _parquet(path: Path) -> Iterator[Any]:
    import pyarrow.parquet  # noqa: PLC0415  (an extra)

    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches():
            yield from (_without_nulls(row) for row in batch.to_pylist())
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: the Parquet file is damaged ({error})") from error


def _without_nulls(value: Any) -> Any:
    """Parquet fills in the keys that other rows have."""
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
