"""Frames and messages: what goes in comes out, and nothing else is accepted."""

import io
import json
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from typing import TypeVar, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import messages, protocol

T = TypeVar("T")


def sample(annotation: object, text: str) -> object:
    """A value of a field's type."""
    if get_origin(annotation) is tuple:
        return (sample(get_args(annotation)[0], text), sample(get_args(annotation)[0], text))
    samples: dict[object, object] = {int: 7, float: -0.5, str: text, bool: True}
    return samples.get(annotation)


def messages_of(kinds: Iterable[type[T]], text: str) -> list[T]:
    return [kind(*(sample(field.type, text) for field in fields(kind))) for kind in kinds]  # type: ignore[arg-type]


REQUESTS = messages_of(messages.REQUESTS.values(), "Hé\n🙂 \0 \ud800")
EVENTS = messages_of(messages.EVENTS.values(), "Hé\n🙂 \0 \ud7ff\ue000")


def frame(content: object) -> io.BytesIO:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return io.BytesIO(struct.pack("<I", len(data)) + data)


def test_round_trip() -> None:
    pipe = io.BytesIO()
    for message in (*REQUESTS, *EVENTS):
        protocol.write_message(pipe, message)
    pipe.seek(0)
    assert [protocol.read_request(pipe) for _ in REQUESTS] == REQUESTS
    assert [protocol.read_event(pipe) for _ in EVENTS] == EVENTS
    assert protocol.read_event(pipe) is None


def test_a_stream_that_ends_within_a_frame_has_ended() -> None:
    pipe = io.BytesIO()
    protocol.write_message(pipe, EVENTS[0])
    for length in range(len(pipe.getvalue())):
        assert protocol.read_event(io.BytesIO(pipe.getvalue()[:length])) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"null",
        b"[" * 100_000,
        [],
        {},
        {"type": "Nothing"},
        {"type": "Load", "id": 1},
        {"type": "Text", "id": 1},
        {"type": "Text", "id": 1, "text": "a", "more": 1},
        {"type": "Text", "id": "1", "text": "a"},
        {"type": "Text", "id": True, "text": "a"},
        {"type": "Text", "id": 1, "text": None},
        {"type": "Text", "id": 1, "text": ["a"]},
        {"type": "Scores", "id": 1, "values": [1, "2"]},
        {"type": "Scores", "id": 1, "values": 5},
        {"type": "Loading", "id": 1, "fraction": "0.5"},
        {"type": "Loading", "id": 1, "fraction": False},
        {"type": "Loading", "id": 1, "fraction": float("nan")},
        {"type": "Loading", "id": 1, "fraction": 10**400},
        {"type": "Scores", "id": 1, "values": [0.5, float("-inf")]},
        {"type": "Counted", "id": 1, "tokens": -1},
        {"type": "Counted", "id": 1, "tokens": 1 << 63},
        {"type": "Text", "id": 1, "text": "half \ud800 of a character"},
        {"type": "Proven", "id": 1, "attempts": ["\udfff"], "denied": [True], "reason": ""},
    ],
)
def test_what_is_not_an_event(content: object) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.read_event(frame(content))


def test_an_oversized_frame_is_not_read() -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.read_event(io.BytesIO(struct.pack("<I", protocol.MAX_FRAME + 1)))


@given(st.binary(max_size=60))
def test_arbitrary_bytes(data: bytes) -> None:
    for stream in (io.BytesIO(data), frame(data)):
        with suppress(protocol.ProtocolError):
            protocol.read_event(stream)


@given(text=st.text(), number=st.integers(0, 1 << 60))
def test_any_text_survives(text: str, number: int) -> None:
    message = messages.Text(number, text)
    pipe = io.BytesIO()
    protocol.write_message(pipe, message)
    pipe.seek(0)
    assert protocol.read_event(pipe) == message
