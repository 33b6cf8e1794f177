"""The messages between the application and the model child, and their frames on a pipe.

A frame is a 4-byte little-endian length and that many bytes of JSON. The child may run hostile
code, so every frame from it is checked against the message's field types.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import NoneType, UnionType
from typing import IO, TypeVar, get_args, get_origin

VERSION = 1
MAX_FRAME = 16 << 20
_LENGTH = struct.Struct("<I")


class ProtocolError(Exception):
    """The other side sent something that is not a message."""


@dataclass(frozen=True, slots=True)
class Load:
    """Open a model file. threads: of the computation; memory: bytes the child may allocate."""

    id: int
    path: str
    n_ctx: int
    threads: int
    memory: int


@dataclass(frozen=True, slots=True)
class Generate:
    """Continue the prompt; answered by Prefill*, Text*, Done."""

    id: int
    prompt: str
    grammar: str | None
    stop: tuple[str, ...]
    max_tokens: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int


@dataclass(frozen=True, slots=True)
class Score:
    """Log-probabilities of continuations of the prompt; answered by Scores."""

    id: int
    prompt: str
    continuations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens of a text; answered by Counted."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Prove:
    """Try what the sandbox forbids; answered by Proven."""

    id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """End request `id` now; it answers as it would at its end."""

    id: int


@dataclass(frozen=True, slots=True)
class Hello:
    """The child's first event: the version of these messages it speaks."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Loading:
    """How far the load is, 0…1."""

    id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is ready with a context of n_ctx tokens."""

    id: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Prefill:
    """The child has read `done` of `total` prompt tokens."""

    id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an answer, with its figures (see client.Stats)."""

    id: int
    prompt_tokens: int
    cached_tokens: int
    tokens: int
    prompt_seconds: float
    seconds: float
    finish: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Answers Score, in its order."""

    id: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """Answers Count."""

    id: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Proven:
    """Answers Prove: what was tried, for each whether the system denied it, and why nothing is
    enforced, "" where it is."""

    id: int
    attempts: tuple[str, ...]
    denied: tuple[bool, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed. kind: "known" (sentence and hint are for the user), "bad request" (a
    mistake of the caller's), "cancelled", or, for a load, "memory", "architecture", "damaged"."""

    id: int
    kind: str
    sentence: str
    hint: str


T = TypeVar("T")
Request = Load | Generate | Score | Count | Prove | Cancel
Event = Hello | Loading | Loaded | Prefill | Text | Done | Scores | Counted | Proven | Failed
_REQUESTS: dict[str, type[Request]] = {kind.__name__: kind for kind in get_args(Request)}
_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def write_message(file: IO[bytes], message: Request | Event) -> None:
    """Send one message; OSError if the other side is gone."""
    data = json.dumps({"type": type(message).__name__, **asdict(message)}).encode()
    file.write(_LENGTH.pack(len(data)) + data)
    file.flush()


def read_request(file: IO[bytes]) -> Request | None:
    """The next request, None at the end of the stream."""
    values = _read_frame(file)
    return None if values is None else _message(values, _REQUESTS)


def read_event(file: IO[bytes]) -> Event | None:
    """The next event, None at the end of the stream."""
    values = _read_frame(file)
    return None if values is None else _message(values, _EVENTS)


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
