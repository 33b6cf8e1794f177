"""The deltas of a remote answer become text, thought and calls, and nothing else."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.held import uncertain
from engine.model.generation import TokenLogprob
from engine.model.parsing import BadCallPart, CallPart, Part, TextPart, ThinkPart
from engine.model.remote.wire import Event, Garbage, mapping, number, sequence, text

OPEN, CLOSE = "<think>", "</think>"
MAX_TEXT = 8 << 20
MAX_CALLS = 64
MAX_ARGUMENTS = 1 << 20


class Reader:
    """Takes the choice of each event. finish: why the answer ended, "" while it has not.

    tools: the names of those offered; a call of another is a BadCallPart. Raises Garbage where
    there is more than any model writes.
    """

    def __init__(self, tools: Collection[str]) -> None:
        self._tools = tools
        self._splitter = _Splitter()
        self._calls: list[_Call] = []
        self._size = self._count = 0
        self.deltas = 0
        self.finish = ""
        self.logprobs: list[TokenLogprob] = []

    def feed(self, choice: Event) -> list[Part]:
        """The parts that became certain with this event."""
        delta = mapping(choice.get("delta")) or mapping(choice.get("message"))
        parts: list[Part] = []
        # llama.cpp's name and the newer one of vLLM and Ollama.
        thought = text(delta.get("reasoning_content")) or text(delta.get("reasoning"))
        said = text(delta.get("content"))
        if thought:
            parts += self._splitter.thought(thought)
        if said:
            parts += self._splitter.feed(said)
        for call in sequence(delta.get("tool_calls")):
            parts += self._call(mapping(call))
        self._size += len(thought) + len(said)
        if self._size > MAX_TEXT:
            raise Garbage
        self.deltas += bool(thought or said or delta.get("tool_calls"))
        self.logprobs += _logprobs(mapping(choice.get("logprobs")))
        self.finish = text(choice.get("finish_reason")) or self.finish
        return parts

    def end(self) -> list[Part]:
        """The parts left at the end."""
        parts = self._splitter.finish()
        parts += [call.part(self._tools) for call in self._calls]
        self._calls.clear()
        return parts

    def _call(self, delta: Event) -> list[Part]:
        """A piece of a call; those before it are complete then."""
        function = mapping(delta.get("function"))
        name, id_ = text(function.get("name")), text(delta.get("id"))
        index = number(delta.get("index"))
        last = self._calls[-1] if self._calls else None
        done: list[Part] = []
        # Some servers number every call 0, or none, and only their ids differ.
        if last is None or index != last.index or (name and last.name and id_ != last.id):
            done = self.end()
            last = _Call(index, id_)
            self._calls.append(last)
            self._count += 1
        last.name = last.name or name
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        last.pieces.append(text(arguments))
        last.size += len(last.pieces[-1]) + len(name)
        if last.size > MAX_ARGUMENTS or self._count > MAX_CALLS:
            raise Garbage
        return done


@dataclass(slots=True)
class _Call:
    """A call that is still coming."""

    index: int
    id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    size: int = 0

    def part(self, tools: Collection[str]) -> Part:
        """The call, if it is one of an offered tool."""
        arguments = "".join(self.pieces).strip() or "{}"
        raw = f'{{"name": {json.dumps(self.name, ensure_ascii=False)}, "arguments": {arguments}}}'
        try:
            value = json.loads(arguments, parse_float=Decimal, parse_constant=_refused)
        except (ValueError, RecursionError):
            return BadCallPart(raw)
        if not isinstance(value, dict) or self.name not in tools:
            return BadCallPart(raw)
        return CallPart(self.name, value, raw)


class _Splitter:
    """Takes thoughts out of a text where the server has not, with the white space around them."""

    def __init__(self) -> None:
        self._in_thought = False
        self._held = ""
        self._space = ""
        self._last: type[TextPart | ThinkPart] | None = None

    def feed(self, chunk: str) -> list[Part]:
        """The parts that are certain."""
        self._held += chunk
        parts: list[Part] = []
        while True:
            found = [(self._held.find(mark), mark) for mark in (OPEN, CLOSE)]
            at, mark = min((one for one in found if one[0] >= 0), default=(-1, ""))
            if at < 0:
                break
            self._emit(parts, self._kind(), self._held[:at])
            self._held = self._held[at + len(mark) :]
            self._in_thought = mark == OPEN
        certain = len(self._held) - uncertain(self._held, (OPEN, CLOSE))
        self._emit(parts, self._kind(), self._held[:certain])
        self._held = self._held[certain:]
        return parts

    def thought(self, chunk: str) -> list[Part]:
        """The parts of a thought the server has told apart itself."""
        parts: list[Part] = []
        self._emit(parts, ThinkPart, chunk)
        return parts

    def finish(self) -> list[Part]:
        """What is left."""
        parts: list[Part] = []
        self._emit(parts, self._kind(), self._held)
        self._held = self._space = ""
        self._last = None
        return parts

    def _kind(self) -> type[TextPart | ThinkPart]:
        return ThinkPart if self._in_thought else TextPart

    def _emit(self, parts: list[Part], kind: type[TextPart | ThinkPart], chunk: str) -> None:
        if not chunk:
            return
        if kind is not self._last:
            chunk, self._space = chunk.lstrip(), ""
        chunk = self._space + chunk
        visible = chunk.rstrip()
        if visible:
            self._space = chunk[len(visible) :]
            self._last = kind
            parts.append(kind(visible))
        elif kind is self._last:
            self._space = chunk


def _logprobs(value: Event) -> list[TokenLogprob]:
    return [
        TokenLogprob(*_token(mapping(one)), tuple(_token(mapping(top)) for top in _tops(one)))
        for one in sequence(value.get("content"))
    ]


def _tops(one: object) -> list[object]:
    return sequence(mapping(one).get("top_logprobs"))


def _token(one: Event) -> tuple[int, bytes, float]:
    """Its number where the server tells it, else -1; its bytes; its logarithm of probability."""
    id_, raw, value = one.get("id"), one.get("bytes"), one.get("logprob")
    try:
        piece = bytes(raw) if isinstance(raw, list) else text(one.get("token")).encode()
        logprob = float(value) if isinstance(value, int | float) else float("-inf")
    except (ValueError, TypeError, OverflowError) as error:
        raise Garbage from error
    return (number(id_) if isinstance(id_, int) else -1, piece, logprob)


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
