"""The frames in which messages.py's messages travel on a pipe.

A frame is a 4-byte little-endian length and that many bytes of JSON. The child may run hostile
code, so every frame from it is checked against the message's field types.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from types import NoneType, UnionType
from typing import IO, TypeVar, get_args, get_origin

from engine.model.messages import EVENTS, REQUESTS, Event, Request

VERSION = 3
MAX_FRAME = 16 << 20
LARGEST = 1 << 63  # no event has a number that is larger, or a whole one below zero
_LENGTH = struct.Struct("<I")


class ProtocolError(Exception):
    """The other side sent something that is not a message."""


class TooLarge(ProtocolError):
    """A message is larger than a frame may be."""


T = TypeVar("T")


def write_message(file: IO[bytes], message: Request | Event) -> None:
    """Send one message; OSError if the other side is gone. Raises TooLarge and sends nothing."""
    data = json.dumps({"type": type(message).__name__, **asdict(message)}).encode()
    if len(data) > MAX_FRAME:
        raise TooLarge(f"a {type(message).__name__} of {len(data):,} bytes")
    file.write(_LENGTH.pack(len(data)) + data)
    file.flush()


def read_request(file: IO[bytes]) -> Request | None:
    """The next request, None at the end of the stream."""
    values = _read_frame(file)
    return None if values is None else _message(values, REQUESTS)


def read_event(file: IO[bytes]) -> Event | None:
    """The next event, None at the end of the stream."""
    values = _read_frame(file)
    if values is None:
        return None
    event = _message(values, EVENTS)
    for field in fields(event):
        if not _is_sound(getattr(event, field.name)):
            raise ProtocolError(f"{type(event).__name__}.{field.name} is out of range")
    return event


def _read_frame(file: IO[bytes]) -> dict[str, object] | None:
    """One frame's JSON object; a stream that ends within a frame has ended too."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ProtocolError("oversized frame")
    data = file.read(length)
    if len(data) < length:
        return None
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a frame is not JSON") from error
    if not isinstance(values, dict):
        raise ProtocolError("a frame is not an object")
    return values


def _message(values: dict[str, object], kinds: Mapping[str, type[T]]) -> T:
    """The message of the kind and with the fields that the values name, lists as tuples."""
    kind = kinds.get(str(values.pop("type", "")))
    if kind is None:
        raise ProtocolError("a message of an unknown type")
    wanted = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    if wanted.keys() != values.keys():
        raise ProtocolError(f"a {kind.__name__} has other fields")
    checked = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    for name, value in checked.items():
        if not _matches(value, wanted[name]):
            raise ProtocolError(f"{kind.__name__}.{name} has another type")
    make: Callable[..., T] = kind
    return make(**checked)


def _matches(value: object, annotation: object) -> bool:
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        return isinstance(value, tuple) and all(_matches(one, item) for one in value)
    if isinstance(annotation, UnionType):
        return any(_matches(value, option) for option in get_args(annotation))
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, annotation) if annotation in (str, bool, NoneType) else False


def _is_sound(value: object) -> bool:
    """Whether texts are Unicode and numbers are some, within reason."""
    if isinstance(value, tuple):
        return all(map(_is_sound, value))
    if isinstance(value, str):
        return not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, float):
        return -LARGEST < value < LARGEST
    return isinstance(value, int) and 0 <= value < LARGEST
