"""Frames and messages: what goes in comes out, and nothing else is accepted."""

import io
import json
import struct
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import protocol

REQUESTS = [
    protocol.Load(1, "/models/ü.gguf", 4096, 2, 1 << 40),
    protocol.Generate(2, "Hé\n", None, ("a", "b"), 5, 0.5, 20, 1, 0.0, 7),
    protocol.Generate(3, "", 'root ::= "x"', (), 0, 0.0, 0, 0.95, 0.0, 0),
    protocol.Score(4, "p", ("a", "")),
    protocol.Count(5, "\0 \ud800"),
    protocol.Prove(6),
    protocol.Cancel(7),
]
EVENTS = [
    protocol.Hello(0, 1),
    protocol.Loading(1, 0.5),
    protocol.Loaded(1, 4096),
    protocol.Prefill(2, 5, 9),
    protocol.Text(2, "🙂"),
    protocol.Done(2, 9, 0, 3, 0.1, 0.2, "stop"),
    protocol.Scores(4, (-1.5, 0.0)),
    protocol.Counted(5, 2),
    protocol.Proven(6, ("socket",), (True,), ""),
    protocol.Failed(7, "known", "No.", "Try."),
]


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
    message = replace(EVENTS[4], text=text, id=number)
    pipe = io.BytesIO()
    protocol.write_message(pipe, message)
    pipe.seek(0)
    assert protocol.read_event(pipe) == message
