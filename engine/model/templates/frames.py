"""What the application and the process for chat templates send each other.

Frames on both pipes: a 4-byte little-endian length and that many bytes of JSON.
"""

import json
import struct
from typing import IO, Any

MAX_OUTPUT = 1 << 20  # characters of a prompt
MAX_FRAME = 16 << 20
_LENGTH = struct.Struct("<I")


def read_frame(pipe: IO[bytes]) -> Any:
    """The next frame's JSON, None at the end; ValueError for what is none."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ValueError("a frame is too long")
    body = pipe.read(length)
    return json.loads(body) if len(body) == length else None


def write_frame(pipe: IO[bytes], value: object) -> None:
    """Write a frame."""
    body = json.dumps(value).encode()
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()
