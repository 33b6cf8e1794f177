"""Puts the answers to a chat request into OpenAI's words: whole, or piece by piece."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.model.generation import Stats, TokenLogprob
from engine.model.parsing import BadCallPart, CallPart, Part, TextPart, ThinkPart
from engine.server.answers import Finished, Piece, Reading
from engine.server.chat_request import ChatCall
from engine.server.figures import chat_logprobs, exact_json, timings, usage
from engine.server.names import Label, new_id

Chunk = dict[str, Any]


@dataclass(slots=True)
class _Choice:
    """One answer so far."""

    text: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    stats: Stats | None = None

    def take(self, part: Part) -> dict[str, Any]:
        """Keep a part; returns the delta that tells it."""
        match part:
            case TextPart():
                self.text.append(part.text)
                return {"content": part.text}
            case ThinkPart():
                self.thought.append(part.text)
                return {"reasoning_content": part.text}
            case CallPart():
                function = {"name": part.name, "arguments": exact_json(part.arguments)}
                call = {"id": new_id("call"), "type": "function", "function": function}
                self.calls.append(call)
                return {"tool_calls": [call]}
            case BadCallPart():
                # What was meant as a call and is none is shown as it was written.
                self.text.append(part.raw)
                return {"content": part.raw}

    def finish(self) -> str:
        """Why it ended."""
        if self.stats is not None and self.stats.finish == "length":
            return "length"
        return "tool_calls" if self.calls else "stop"


class ChatAnswers:
    """Collects the events of a request's answers."""

    def __init__(self, call: ChatCall, label: Label, prompt: str | None) -> None:
        """prompt: shown with the answer, if not None."""
        self._call = call
        self._label = label
        self._prompt = prompt
        self._id = new_id("chatcmpl")
        self._choices = [_Choice() for _ in call.requests]
        self._cached: dict[int, int] = {}

    def begin(self) -> list[Chunk]:
        """The chunks that say whose answers these are."""
        delta = {"role": "assistant", "content": None}
        return [self._chunk(index, delta) for index in range(len(self._choices))]

    def take(self, event: Piece[Part] | Reading | Finished) -> list[Chunk]:
        """Keep an event; returns the chunks that tell it."""
        match event:
            case Piece():
                choice = self._choices[event.index]
                choice.logprobs.extend(event.logprobs)
                return self._told(event, choice.take(event.item), len(choice.calls) - 1)
            case Finished():
                choice = self._choices[event.index]
                choice.logprobs.extend(event.logprobs)
                choice.stats = event.stats
                chunk = self._chunk(event.index, {}, choice.finish())
                self._add_logprobs(chunk, event.logprobs)
                return [chunk]
            case Reading():
                return self._progress(event)

    def end(self) -> list[Chunk]:
        """The chunks after the last answer's end."""
        if not self._call.usage:
            return []
        chunk = self._chunk(0, {})
        return [chunk | {"choices": [], **self._figures()}]

    def whole(self) -> Chunk:
        """All answers in one object."""
        body = self._head("chat.completion") | {
            "choices": [self._whole_choice(index) for index in range(len(self._choices))],
            **self._figures(),
        }
        if self._prompt is not None:
            body["__verbose"] = {"prompt": self._prompt}
        return body

    @property
    def ended(self) -> bool:
        """Whether all answers have ended."""
        return all(choice.stats is not None for choice in self._choices)

    def _told(self, event: Piece[Part], delta: dict[str, Any], number: int) -> list[Chunk]:
        """The chunks of a delta; a call's name comes first, then what it is called with."""
        deltas = [delta]
        if calls := delta.get("tool_calls"):
            function = calls[0]["function"]
            named = calls[0] | {"function": {"name": function["name"], "arguments": ""}}
            deltas = [
                {"tool_calls": [{"index": number, **named}]},
                {
                    "tool_calls": [
                        {"index": number, "function": {"arguments": function["arguments"]}}
                    ]
                },
            ]
        chunks = [self._chunk(event.index, one) for one in deltas]
        self._add_logprobs(chunks[0], event.logprobs)
        return chunks

    def _progress(self, event: Reading) -> list[Chunk]:
        if not self._call.progress:
            return []
        cached = self._cached.setdefault(event.index, event.done)
        progress = {"total": event.total, "cache": cached, "processed": event.done}
        return [self._chunk(event.index, {}) | {"prompt_progress": progress}]

    def _add_logprobs(self, chunk: Chunk, tokens: Sequence[TokenLogprob]) -> None:
        if self._call.logprobs:
            top = self._call.requests[0].logprobs
            chunk["choices"][0]["logprobs"] = chat_logprobs(tokens, top)

    def _whole_choice(self, index: int) -> dict[str, Any]:
        choice = self._choices[index]
        message: dict[str, Any] = {"role": "assistant", "content": "".join(choice.text)}
        if choice.thought:
            message["reasoning_content"] = "".join(choice.thought)
        if choice.calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = choice.calls
        logprobs = None
        if self._call.logprobs:
            logprobs = chat_logprobs(choice.logprobs, self._call.requests[0].logprobs)
        return {
            "index": index,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": choice.finish(),
        }

    def _figures(self) -> dict[str, Any]:
        stats = [choice.stats for choice in self._choices if choice.stats is not None]
        found: dict[str, Any] = {"usage": usage(stats)}
        if len(stats) == 1:
            found["timings"] = timings(stats[0])
        return found

    def _chunk(self, index: int, delta: dict[str, Any], finish: str | None = None) -> Chunk:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._head("chat.completion.chunk") | {"choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._label.created,
            "model": self._label.model,
            "system_fingerprint": self._label.fingerprint,
        }
