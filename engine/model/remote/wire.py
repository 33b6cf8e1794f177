"""What an OpenAI-compatible server sends, taken apart: events, numbers, texts; all may be lies."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Event = Mapping[str, Any]

DONE = b"[DONE]"


class Garbage(Exception):
    """The other side sent something that is not what such servers send."""


def events(lines: Iterable[bytes]) -> Iterator[Event | None]:
    """The JSON objects of a stream of server-sent events; None for [DONE], the last of them.

    One line is one event, as all these servers have it; comments and other fields are skipped.
    Raises Garbage.
    """
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.strip()
        if name == b"error":  # older llama-servers
            yield {"error": json_object(value)}
        elif name == b"data" and value == DONE:
            yield None
            return
        elif name == b"data" and value:
            yield json_object(value)


def json_object(data: bytes) -> dict[str, Any]:
    """One JSON object. Raises Garbage."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Garbage from error
    if not isinstance(value, dict):
        raise Garbage
    return value


def text(value: object) -> str:
    """A text that can be stored and shown; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def number(value: object) -> int:
    """A count; 0 for anything else."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40
    return value if good and isinstance(value, int) else 0


def mapping(value: object) -> Event:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []
