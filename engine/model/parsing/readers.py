"""Find where a call ends, one reader for each call and format."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.model.parsing.calls import (
    parse_call,
    parse_call_list,
    parse_glm_call,
    parse_llama_call,
    parse_named_call,
    parse_xml_call,
)
from engine.model.parsing.parts import BadCallPart, CallPart, Part
from engine.model.templates.conversation import ToolSpec
from engine.model.templates.traits import CallFormat

END_CALL = "</tool_call>"
_FIRST_KEYS = ("name", "type", "parameters", "arguments")
_NAME_END = re.compile(r"\[(?:CALL_ID|ARGS)\]")
_FIRST_KEY = re.compile(r'\s*\{\s*(?:"([^"\\]*)("?))?')


@dataclass(frozen=True, slots=True)
class Read:
    """A call's parts and its length; no parts and no length: it is none but text."""

    parts: tuple[Part, ...]
    length: int


class JsonEnd:
    """Finds the end of a JSON object or list in a growing text, reading each character once."""

    def __init__(self) -> None:
        self._position = -1
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def find(self, text: str, start: int) -> int | None:
        """The index after the value that begins at `start`, or None if it is not all there."""
        for index in range(max(self._position, start), len(text)):
            letter = text[index]
            if self._quoted:
                if self._escaped:
                    self._escaped = False
                elif letter == "\\":
                    self._escaped = True
                elif letter == '"':
                    self._quoted = False
            elif letter == '"':
                self._quoted = True
            elif letter in "{[":
                self._depth += 1
            elif letter in "}]":
                self._depth -= 1
                if self._depth <= 0:
                    return index + 1
        self._position = len(text)
        return None


class CallReader(ABC):
    """Reads one call."""

    @abstractmethod
    def read(self, text: str, final: bool) -> Read | None:
        """The call at the beginning of a growing text; None while its end is not there.

        final: nothing will follow.
        """


class Between(CallReader):
    """A call that ends with a mark."""

    def __init__(self, parse: Callable[[str], CallPart | BadCallPart]) -> None:
        self._parse = parse
        self._searched = 0

    def read(self, text: str, final: bool) -> Read | None:
        end = text.find(END_CALL, self._searched)
        self._searched = max(len(text) - len(END_CALL), 0)
        if end >= 0:
            return Read((self._parse(text[:end]),), end + len(END_CALL))
        return Read((self._parse(text),), len(text)) if final else None


class Mistral(CallReader):
    """After [TOOL_CALLS]: a list of calls, or one call's name and arguments."""

    def __init__(self) -> None:
        self._end = JsonEnd()

    def read(self, text: str, final: bool) -> Read | None:
        body = text.lstrip()
        start = len(text) - len(body)
        if not body.startswith("["):
            brace = text.find("{")
            start = brace if brace >= 0 else len(text)
        end = self._end.find(text, start)
        if end is None:
            return Read((BadCallPart(text),), len(text)) if final else None
        if body.startswith("["):
            return Read(tuple(parse_call_list(text[start:end])), end)
        name = _NAME_END.split(text[:start], maxsplit=1)[0].strip()
        return Read((parse_named_call(name, text[start:end], text[:end]),), end)


class LlamaTagged(CallReader):
    """After <|python_tag|>: an object, or a program's line up to the end."""

    def __init__(self) -> None:
        self._end = JsonEnd()

    def read(self, text: str, final: bool) -> Read | None:
        body = text.lstrip()
        if not body and not final:
            return None
        if not body.startswith("{"):
            return Read((parse_llama_call(text),), len(text)) if final else None
        end = self._end.find(text, len(text) - len(body))
        if end is None:
            return Read((parse_llama_call(text),), len(text)) if final else None
        return Read((parse_llama_call(text[:end]),), end)


class LlamaBare(CallReader):
    """An object an answer begins with, which is a call only if it looks like one.

    names: of the tools there are; none: any.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._end = JsonEnd()
        self._names = names

    def read(self, text: str, final: bool) -> Read | None:
        start = text.index("{")
        if not self._could_be(text):
            return Read((), 0)
        end = self._end.find(text, start)
        if end is None:
            return Read((), 0) if final else None
        call = parse_llama_call(text[start:end])
        if isinstance(call, CallPart) and (not self._names or call.name in self._names):
            return Read((call,), end)
        return Read((), 0)

    def _could_be(self, text: str) -> bool:
        found = _FIRST_KEY.match(text)
        assert found is not None
        if found[1] is None:
            return found.end() == len(text)
        if found[2]:
            return found[1] in _FIRST_KEYS
        return found.end() == len(text) and any(key.startswith(found[1]) for key in _FIRST_KEYS)


def reader_for(call_format: CallFormat, tools: Sequence[ToolSpec]) -> CallReader:
    """A reader for one call after its opening mark."""
    match call_format:
        case "hermes":
            return Between(parse_call)
        case "glm":
            return Between(lambda raw: parse_glm_call(raw, tools))
        case "qwen-xml":
            return Between(lambda raw: parse_xml_call(raw, tools))
        case "llama3":
            return LlamaTagged()
        case "mistral-list" | "mistral-args":
            return Mistral()
