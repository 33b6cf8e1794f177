"""/v1/completions: texts to continue, without a conversation's form."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.model.generation import GenerateRequest, Stats, TokenLogprob
from engine.server.answers import Finished, Piece, Reading
from engine.server.backend import Backend
from engine.server.chat_request import PRIORITY
from engine.server.errors import NOT_SUPPORTED, ApiError, invalid
from engine.server.fields import Fields, check_text, check_tokens
from engine.server.figures import text_logprobs, text_of, timings, usage_of
from engine.server.names import Label, new_id
from engine.server.options import Limits
from engine.server.sampling import Choosing, read_choosing, read_grammar

ENDLESS = 1 << 30
"""As many tokens as the context holds."""
_PROMPTS = 64
_DEFAULT_TOKENS = 16
_TOP_LOGPROBS = 5


@dataclass(frozen=True, slots=True)
class TextCall:
    """A request; requests: one for every answer, those of the first prompt first.

    n: answers a prompt; top: alternatives to tell of every token, -1 for no logprobs.
    """

    requests: Sequence[GenerateRequest]
    n: int
    stream: bool
    usage: bool
    top: int


def read_completion(fields: Fields, backend: Backend, limits: Limits) -> TextCall:
    """What a request asks for. Raises ApiError."""
    if fields.text("suffix"):
        raise ApiError(NOT_SUPPORTED, "'suffix' is not supported.", "suffix")
    if fields.flag("echo"):
        raise ApiError(NOT_SUPPORTED, "'echo' is not supported.", "echo")
    if fields.whole("best_of", 1, 1, 1 << 20) > fields.whole("n", 1, 1, limits.choices):
        raise ApiError(NOT_SUPPORTED, "'best_of' is not supported.", "best_of")
    choosing = read_choosing(fields, backend.sampling(False), limits, backend.tokenize)
    grammar = read_grammar(fields)
    prompts = read_prompts(fields, backend)
    if len(prompts) * choosing.n > max(_PROMPTS, limits.choices):
        raise invalid(f"At most {_PROMPTS} answers can be asked for at once.", "prompt")
    top = fields.whole("logprobs", -1, 0, _TOP_LOGPROBS) if fields.given("logprobs") else -1
    options = fields.inner("stream_options")
    max_tokens = choosing.max_tokens if fields.given("max_tokens") else _DEFAULT_TOKENS
    return TextCall(
        [
            text_request(prompt, choosing, index, max_tokens, top, grammar)
            for prompt in prompts
            for index in range(choosing.n)
        ],
        choosing.n,
        fields.flag("stream"),
        options is not None and options.flag("include_usage"),
        top,
    )


def text_request(
    prompt: str,
    choosing: Choosing,
    index: int,
    max_tokens: int | None,
    logprobs: int,
    grammar: str | None,
) -> GenerateRequest:
    """The request for one answer; index: among those to the same prompt."""
    sampling = choosing.seeded(index)
    return GenerateRequest(
        prompt=prompt,
        grammar=grammar,
        stop=choosing.stop,
        max_tokens=ENDLESS if max_tokens is None else max_tokens,
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        min_p=sampling.min_p,
        presence_penalty=sampling.presence_penalty,
        frequency_penalty=sampling.frequency_penalty,
        repeat_penalty=sampling.repeat_penalty,
        seed=draw_seed(sampling.seed),
        logit_bias=choosing.logit_bias,
        logprobs=logprobs,
        priority=PRIORITY,
    )


def draw_seed(seed: int | None) -> int:
    """The seed asked for, or any."""
    return secrets.randbelow(1 << 31) if seed is None else seed


def spelled(tokens: list[int], backend: Backend) -> str:
    """The text of a prompt's tokens, without the one that the model puts before every prompt."""
    start = backend.tokenize("", start=True)
    return backend.detokenize(tokens[len(start) :] if tokens[: len(start)] == start else tokens)


def read_prompts(fields: Fields, backend: Backend) -> list[str]:
    """The texts to continue: a text, a list of texts, tokens, a list of those. Raises ApiError."""
    value = fields.get("prompt")
    if isinstance(value, str):
        return [check_text(value, "prompt")]
    if not isinstance(value, list) or not value:
        raise fields.wrong("prompt", "a text, an array of texts, or an array of tokens")
    if isinstance(value[0], int):
        return [spelled(check_tokens(value, "prompt"), backend)]
    return [
        check_text(one, f"prompt[{index}]")
        if isinstance(one, str)
        else spelled(check_tokens(one, f"prompt[{index}]"), backend)
        for index, one in enumerate(value)
    ]


@dataclass(slots=True)
class _Text:
    pieces: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    length: int = 0  # characters of the tokens told so far
    stats: Stats | None = None


class TextAnswers:
    """Collects the events of the answers, and puts them into OpenAI's words."""

    def __init__(self, call: TextCall, label: Label) -> None:
        self._call = call
        self._label = label
        self._id = new_id("cmpl")
        self._texts = [_Text() for _ in call.requests]

    @property
    def ended(self) -> bool:
        """Whether all answers have ended."""
        return all(text.stats is not None for text in self._texts)

    def begin(self) -> list[dict[str, Any]]:
        """Nothing: a text has no head."""
        return []

    def take(self, event: Piece[str] | Reading | Finished) -> list[dict[str, Any]]:
        """Keep an event; returns the chunks that tell it."""
        if isinstance(event, Reading):
            return []
        text = self._texts[event.index]
        text.logprobs.extend(event.logprobs)
        logprobs = self._logprobs(event.logprobs, text.length)
        text.length += sum(len(text_of(one.piece)) for one in event.logprobs)
        if isinstance(event, Finished):
            text.stats = event.stats
            return [self._body([self._choice(event.index, "", logprobs, _finish(event.stats))])]
        text.pieces.append(event.item)
        return [self._body([self._choice(event.index, event.item, logprobs, None)])]

    def end(self) -> list[dict[str, Any]]:
        """The chunk with the figures, if it was asked for."""
        return [self._body([]) | self._figures()] if self._call.usage else []

    def whole(self) -> dict[str, Any]:
        """All answers in one object."""
        choices = [
            self._choice(
                index,
                "".join(text.pieces),
                self._logprobs(text.logprobs, 0),
                _finish(text.stats),
            )
            for index, text in enumerate(self._texts)
        ]
        return self._body(choices) | self._figures()

    def _logprobs(self, tokens: Sequence[TokenLogprob], start: int) -> dict[str, object] | None:
        return text_logprobs(tokens, self._call.top, start) if self._call.top >= 0 else None

    def _figures(self) -> dict[str, Any]:
        stats = [text.stats for text in self._texts if text.stats is not None]
        # The answers to one prompt follow each other.
        prompt = sum(one.prompt_tokens for one in stats[:: self._call.n])
        found: dict[str, Any] = {"usage": usage_of(prompt, stats)}
        if len(stats) == 1:
            found["timings"] = timings(stats[0])
        return found

    def _choice(
        self, index: int, text: str, logprobs: dict[str, object] | None, finish: str | None
    ) -> dict[str, Any]:
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}

    def _body(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._label.created,
            "model": self._label.model,
            "system_fingerprint": self._label.fingerprint,
            "choices": choices,
        }


def _finish(stats: Stats | None) -> str:
    return "length" if stats is not None and stats.finish == "length" else "stop"
