"""JSON files as rows of text: a list of objects, alone or as a member of the outermost object."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any

from engine.core.csvfile import MAX_ROWS, RefusedRow, Row, normalise_column
from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.core.steps import Step
from engine.market.files.rows import RowSource

MAX_JSON_BYTES = 64 * 1024 * 1024
"""A JSON file is held in memory whole, at about ten times its size."""

_STEP_ROWS = 1_000
_DIGITS = 60
_OF_OBJECTS = (
    "A JSON file holds a list of objects: [{…}, {…}], or an answer saved from a known source."
)


def load_json(path: Path) -> Any:
    """The value of a JSON file with every number exact: int, Decimal, or text if absurdly long.

    NaN and Infinity become text too. Raises KnownError for what is no JSON, too deep or too big.
    """
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise KnownError(
                f"{path.name} has {size / 1e6:,.0f} MB; JSON files over "
                f"{MAX_JSON_BYTES // 1024**2} MB are not read.",
                "Export a shorter period, or save it as CSV.",
            )
        text = path.read_bytes()
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    try:
        return json.loads(text, parse_float=_exact, parse_int=_whole, parse_constant=str)
    except RecursionError:
        raise KnownError(f"{path.name} is nested too deeply.", _OF_OBJECTS) from None
    except ValueError as error:
        raise KnownError(f"{path.name} is not JSON, or is cut off.", "Save it again.") from error


def json_rows(path: Path, data: Any) -> RowSource:
    """The rows of a loaded file. Raises KnownError if there is no list of objects in it."""
    entries = _entries(data)
    if entries is None:
        raise KnownError(f"{path.name} holds no list of objects.", _OF_OBJECTS)
    if len(entries) > MAX_ROWS:
        raise KnownError(
            f"{path.name} has more than {MAX_ROWS:,} entries.",
            "Export a shorter period, or split the file.",
        )
    names: dict[str, None] = {}
    for entry in entries:
        if isinstance(entry, dict):
            names.update(dict.fromkeys(entry))
    columns = tuple(dict.fromkeys(normalise_column(name) for name in names))
    blank = dict.fromkeys(columns, "")

    def rows(step: Step) -> Iterator[Row | RefusedRow]:
        for number, entry in enumerate(entries, start=1):
            if number % _STEP_ROWS == 1:
                step(number / len(entries), f"{number - 1:,} rows read")
            if isinstance(entry, dict):
                yield _row(number, entry, blank)
            else:
                yield Row(number, str(entry)[:200], {}).refused("it is not an object")

    return RowSource(columns, rows)


def _entries(data: Any) -> list[Any] | None:
    """The list that holds objects: the value itself, or the only such member."""
    lists = [data] if isinstance(data, list) else []
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
    found = [one for one in lists if any(isinstance(entry, dict) for entry in one)]
    return found[0] if len(found) == 1 else None


def _row(number: int, entry: Mapping[str, Any], blank: Mapping[str, str]) -> Row:
    texts = {name: _text(value) for name, value in entry.items()}
    cells = {**blank, **{normalise_column(name): text for name, text in texts.items()}}
    return Row(number, ", ".join(f"{name}: {text}" for name, text in texts.items()), cells)


def _text(value: Any) -> str:
    """A value as text: "" for null, JSON for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)
        except RecursionError:
            return ""  # deeper than anything that is read
    return str(value)


def _exact(text: str) -> Decimal | str:
    try:
        return Decimal(text) if len(text) <= _DIGITS else text
    except DecimalException:
        return text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _DIGITS else text
