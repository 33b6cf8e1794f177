"""JSON files of other people's models: bounded in size, checked to be objects."""

import gc
import json
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error

MAX_VALUES = 3_000_000  # counted by the commas between them; the largest known have 1.5 million
FETCH_AGAIN = "Get the model's folder again, complete."


def read_object(
    path: Path, limit: int, owner: str = "model", again: str = FETCH_AGAIN
) -> dict[str, object]:
    """The JSON object in a file of at most `limit` bytes. Raises KnownError.

    owner: whose folder it is; again: what to do about a file that is damaged.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise KnownError(f"The {owner}'s folder has no {path.name}.", again) from error
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    if len(data) > limit:
        raise KnownError(f"{path.name} is larger than any such file should be.", again)
    return parse_object(data, path.name, again)


def parse_object(data: bytes, name: str, again: str = FETCH_AGAIN) -> dict[str, object]:
    """The JSON object in data; name is the file's, for the message. Raises KnownError."""
    if data.count(b",") > MAX_VALUES:
        raise KnownError(f"{name} holds more than any such file should.", again)
    collecting = gc.isenabled()
    gc.disable()  # it would look at the growing whole again and again, and find nothing
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
        if b"\\u" in data:  # may spell halves of characters, which no file can hold
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise KnownError(f"{name} is damaged.", again) from error
    finally:
        if collecting:
            gc.enable()
    if not isinstance(value, dict):
        raise KnownError(f"{name} is damaged.", again)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice")
    return result
