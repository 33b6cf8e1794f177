"""Splits a model's text, as it streams, into answer, thought and tool calls."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

THINK, END_THINK = "<think>", "</think>"
CALL, END_CALL = "<tool_call>", "</tool_call>"
_LONGEST = max(len(THINK), len(END_THINK), len(CALL), len(END_CALL)) - 1


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkPart:
    """Text of the thought before it."""

    text: str


@dataclass(frozen=True, slots=True)
class CallPart:
    """A tool call. Numbers with a fraction are Decimal, exactly as written."""

    name: str
    arguments: dict[str, object]
    raw: str


@dataclass(frozen=True, slots=True)
class BadCallPart:
    """Something between call marks that is not a call."""

    raw: str


Part = TextPart | ThinkPart | CallPart | BadCallPart
_Mode = Literal["text", "think", "call"]


class StreamParser:
    """Takes text in chunks of any size and gives parts as soon as they are certain.

    in_thought: the prompt ended inside <think>. White space around thoughts and calls is dropped,
    that within a text kept; the parts' joined texts do not depend on the chunks.
    """

    def __init__(self, in_thought: bool = False) -> None:
        self._mode: _Mode = "think" if in_thought else "text"
        self._held = ""  # not yet certain
        self._space = ""  # white space that counts only if text follows
        self._begun = False  # whether this text or thought has had a visible character

    def feed(self, chunk: str) -> list[Part]:
        """The parts that became certain with this chunk."""
        self._held += chunk
        parts: list[Part] = []
        while self._step(parts):
            pass
        return parts

    def finish(self) -> list[Part]:
        """The parts left at the end; an unclosed call counts if it is complete JSON."""
        held, self._held = self._held, ""
        parts: list[Part] = []
        if self._mode == "call":
            parts.append(parse_call(held))
        else:
            self._emit(parts, held)
        return parts

    def _step(self, parts: list[Part]) -> bool:
        """Take the next mark out of what is held; False when there is none yet."""
        if self._mode == "call":
            end = self._held.find(END_CALL)
            if end < 0:
                return False
            parts.append(parse_call(self._held[:end]))
            self._enter("text", end + len(END_CALL))
            return True
        marks = (END_THINK,) if self._mode == "think" else (THINK, END_THINK, CALL, END_CALL)
        found = min(
            ((self._held.index(mark), mark) for mark in marks if mark in self._held), default=None
        )
        if found is None:
            certain = len(self._held) - self._uncertain(marks)
            self._emit(parts, self._held[:certain])
            self._held = self._held[certain:]
            return False
        start, mark = found
        self._emit(parts, self._held[:start])
        modes: dict[str, _Mode] = {THINK: "think", CALL: "call"}
        # A closing mark without its opening one is noise.
        self._enter(modes.get(mark, "text"), start + len(mark))
        return True

    def _enter(self, mode: _Mode, start: int) -> None:
        self._mode = mode
        self._held = self._held[start:]
        self._space = ""
        self._begun = False

    def _emit(self, parts: list[Part], text: str) -> None:
        text = self._space + text
        visible = text.rstrip()
        self._space = text[len(visible) :]
        if not self._begun:
            visible = visible.lstrip()
        if visible:
            self._begun = True
            parts.append(ThinkPart(visible) if self._mode == "think" else TextPart(visible))

    def _uncertain(self, marks: tuple[str, ...]) -> int:
        """Length of the longest end of what is held that could begin a mark."""
        for length in range(min(_LONGEST, len(self._held)), 0, -1):
            if any(mark.startswith(self._held[-length:]) for mark in marks):
                return length
        return 0


def parse_call(raw: str) -> CallPart | BadCallPart:
    """The call in `{"name": …, "arguments": {…}}`; anything else is a BadCallPart."""
    try:
        value = json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return BadCallPart(raw)
    if not isinstance(value, dict) or value.keys() - {"arguments"} != {"name"}:
        return BadCallPart(raw)
    name, arguments = value["name"], value.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return BadCallPart(raw)
    return CallPart(name, arguments, raw.strip())


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")
