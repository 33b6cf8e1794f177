"""JSON files of other people's models: bounded in size, checked to be objects."""

import json
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error

FETCH_AGAIN = "Get the model's folder again, complete."


def read_object(path: Path, limit: int) -> dict[str, object]:
    """The JSON object in a file of at most `limit` bytes. Raises KnownError."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise KnownError(f"The model's folder has no {path.name}.", FETCH_AGAIN) from error
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    if len(data) > limit:
        raise KnownError(f"{path.name} is larger than any such file should be.", FETCH_AGAIN)
    return parse_object(data, path.name)


def parse_object(data: bytes, name: str) -> dict[str, object]:
    """The JSON object in data; name is the file's, for the message. Raises KnownError."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise KnownError(f"{name} is damaged.", FETCH_AGAIN) from error
    if not isinstance(value, dict):
        raise KnownError(f"{name} is damaged.", FETCH_AGAIN)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice")
    return result
