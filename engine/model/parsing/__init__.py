"""Takes an answer apart: text, thought and tool calls, as its template writes them."""

from engine.model.parsing.calls import parse_call
from engine.model.parsing.parts import BadCallPart, CallPart, Part, TextPart, ThinkPart
from engine.model.parsing.stream import StreamParser

__all__ = [
    "BadCallPart",
    "CallPart",
    "Part",
    "StreamParser",
    "TextPart",
    "ThinkPart",
    "parse_call",
]
