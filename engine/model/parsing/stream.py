"""Splits a model's text, as it streams, into answer, thought and tool calls."""

import re
from collections.abc import Sequence
from typing import Literal

from engine.core.held import uncertain
from engine.model.parsing.parts import Part, TextPart, ThinkPart
from engine.model.parsing.readers import END_CALL, CallReader, LlamaBare, reader_for
from engine.model.templates.conversation import ToolSpec
from engine.model.templates.traits import QWEN3, Traits, traits_of

_BARE_CALL = re.compile(r"\s*\{")
_NEXT_BARE_CALL = re.compile(r"\s*;?\s*\{")
_BEFORE_CALL = re.compile(r"\s*;?\s*\Z")
_Mode = Literal["text", "think", "call"]


class StreamParser:
    """Takes text in chunks of any size and gives parts as soon as they are certain.

    template: its id or its traits, which say what to look for; in_thought: the prompt ended inside
    the thought; tools: those that may be called, None: any, empty: none, so that nothing is a call.
    White space around thoughts and calls is dropped, that within a text kept; the parts' joined
    texts do not depend on the chunks.
    """

    def __init__(
        self,
        template: str | Traits = QWEN3,
        in_thought: bool = False,
        tools: Sequence[ToolSpec] | None = None,
    ) -> None:
        traits = traits_of(template) if isinstance(template, str) else template
        self._format = traits.calls or "hermes"
        self._tools = tuple(tools or ())
        calls = tools is None or bool(tools)
        # A closing mark without its opening one is noise.
        self._begins: dict[str, _Mode] = {}
        if traits.thought is not None:
            self._begins = {traits.thought[0]: "think", traits.thought[1]: "text"}
        self._end_thought = traits.thought[1] if traits.thought else ""
        if calls:
            self._begins[traits.call_start] = "call"
            if traits.call_start == "<tool_call>":
                self._begins[END_CALL] = "text"
        self._mode: _Mode = "think" if in_thought and traits.thought else "text"
        self._reader: CallReader | None = None
        self._may_call = calls and self._format == "llama3"  # nothing was said yet
        self._calls = 0
        self._held = ""  # not yet certain
        self._space = ""  # white space that counts only if text follows
        self._begun = False  # whether this text or thought has had a visible character

    def feed(self, chunk: str) -> list[Part]:
        """The parts that became certain with this chunk."""
        self._held += chunk
        parts: list[Part] = []
        while self._step(parts, False):
            pass
        return parts

    def finish(self) -> list[Part]:
        """The parts left at the end; an unclosed call counts if it is complete."""
        parts: list[Part] = []
        while self._step(parts, True):
            pass
        held, self._held = self._held, ""
        self._emit(parts, held)
        return parts

    def _step(self, parts: list[Part], final: bool) -> bool:
        """Take the next mark or call out of what is held; False when there is none yet."""
        if self._mode == "call":
            return self._read_call(parts, final)
        if self._mode == "text" and self._may_call:
            bare = (_NEXT_BARE_CALL if self._calls else _BARE_CALL).match(self._held)
            if bare:
                self._held = self._held[bare.end() - 1 :]
                self._mode = "call"
                self._reader = LlamaBare(frozenset(tool.name for tool in self._tools))
                return True
            if self._calls and not final and _BEFORE_CALL.match(self._held):
                return False
        marks = (self._end_thought,) if self._mode == "think" else tuple(self._begins)
        found = min(
            ((self._held.index(mark), mark) for mark in marks if mark in self._held), default=None
        )
        if found is None:
            certain = len(self._held) - uncertain(self._held, marks)
            if self._emit(parts, self._held[:certain]):
                self._may_call = False
            self._held = self._held[certain:]
            return False
        start, mark = found
        if self._emit(parts, self._held[:start]):
            self._may_call = False
        self._enter(self._begins[mark], start + len(mark))
        return True

    def _read_call(self, parts: list[Part], final: bool) -> bool:
        if self._reader is None:
            self._reader = reader_for(self._format, self._tools)
        read = self._reader.read(self._held, final)
        if read is None:
            return False
        self._reader = None
        parts += read.parts
        self._calls += len(read.parts)
        self._may_call = bool(read.parts) and self._format == "llama3"
        self._enter("text", read.length)
        return True

    def _enter(self, mode: _Mode, start: int) -> None:
        self._mode = mode
        self._held = self._held[start:]
        self._space = ""
        self._begun = False

    def _emit(self, parts: list[Part], text: str) -> bool:
        """Give text; whether it was part of the answer."""
        text = self._space + text
        visible = text.rstrip()
        self._space = text[len(visible) :]
        if not self._begun:
            visible = visible.lstrip()
        if visible:
            self._begun = True
            parts.append(ThinkPart(visible) if self._mode == "think" else TextPart(visible))
        return bool(visible) and self._mode == "text"
