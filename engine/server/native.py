"""llama.cpp's own endpoints, for clients that know nothing else: /completion, /props, /slots."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.model.chat_types import Sampling
from engine.model.generation import Stats, TokenLogprob
from engine.server.answers import Desk, Finished, Piece, Reading
from engine.server.backend import Backend, Served
from engine.server.completions import TextCall, spelled, text_request
from engine.server.errors import NOT_SUPPORTED, ApiError, invalid
from engine.server.fields import Fields, check_object, check_text
from engine.server.figures import text_of, timings
from engine.server.names import build, model_id
from engine.server.options import Limits, ServerOptions
from engine.server.sampling import read_choosing, read_grammar

_PROMPTS = 64
_TOP = 100


@dataclass(frozen=True, slots=True)
class NativeCall(TextCall):
    """As TextCall; settings: told back; wanted: the members to answer with, empty for all.

    many: the prompts came as a list; drawn: tell the probabilities with which tokens were drawn by
    this sampling, instead of the model's own.
    """

    settings: dict[str, Any]
    wanted: tuple[str, ...]
    tokens: bool
    prompts: tuple[str, ...]
    many: bool
    drawn: Sampling | None


def read_native(fields: Fields, backend: Backend, limits: Limits) -> NativeCall:
    """What a request to /completion asks for. Raises ApiError."""
    choosing = read_choosing(fields, backend.sampling(False), limits, backend.tokenize)
    grammar = read_grammar(fields)
    prompts, many = _prompts(fields, backend)
    top = fields.whole("n_probs", 0, 0, _TOP)
    drawn = fields.flag("post_sampling_probs") and top > 0
    wanted = tuple(
        check_text(one, "response_fields") for one in fields.sequence("response_fields") or ()
    )
    sampling = choosing.sampling
    limit = -1 if choosing.max_tokens is None else choosing.max_tokens
    settings = {
        "n_predict": limit,
        "seed": -1 if sampling.seed is None else sampling.seed,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "repeat_penalty": sampling.repeat_penalty,
        "stop": list(choosing.stop),
        "max_tokens": limit,
        "n_probs": top,
        "stream": fields.flag("stream"),
    }
    # The numbers of the tokens come with their probabilities.
    seen = max(top, sampling.top_k or _TOP) if drawn else top
    requests = [
        text_request(prompt, choosing, 0, choosing.max_tokens, seen, grammar) for prompt in prompts
    ]
    return NativeCall(
        requests,
        1,
        fields.flag("stream"),
        False,
        top,
        settings,
        wanted,
        fields.flag("return_tokens"),
        tuple(prompts),
        many,
        sampling if drawn else None,
    )


def props(served: Served, options: ServerOptions, sampling: Sampling) -> dict[str, Any]:
    """What the server runs, without saying where on the disk."""
    return {
        "default_generation_settings": {
            "n_ctx": served.n_ctx,
            "params": {
                "seed": -1 if sampling.seed is None else sampling.seed,
                "temperature": sampling.temperature,
                "top_k": sampling.top_k,
                "top_p": sampling.top_p,
                "min_p": sampling.min_p,
            },
        },
        "total_slots": options.limits.running,
        "model_alias": model_id(served, options),
        "model_path": served.path.name,
        "modalities": {"vision": False, "audio": False},
        "build_info": build(),
    }


def slots(desk: Desk, served: Served, options: ServerOptions) -> list[dict[str, Any]]:
    """Which places for answers are busy; ApiError unless whoever started the server allows it."""
    if not options.slots:
        raise ApiError(NOT_SUPPORTED, "This server does not tell what it is doing.")
    return [
        {"id": number, "n_ctx": served.n_ctx, "is_processing": number < desk.busy}
        for number in range(desk.running)
    ]


def model_entry(served: Served, options: ServerOptions) -> dict[str, Any]:
    """The model as /v1/models lists it."""
    return {
        "id": model_id(served, options),
        "object": "model",
        "created": 0,
        "owned_by": "assay",
        "aliases": sorted(options.names),
        "tags": sorted(options.tags),
        "meta": {"n_ctx": served.n_ctx, "size": served.size},
    }


def _prompts(fields: Fields, backend: Backend) -> tuple[list[str], bool]:
    """The texts, and whether they came as several."""
    value = fields.get("prompt")
    if not isinstance(value, list):
        return [_prompt(value, backend)], False
    if not value or len(value) > _PROMPTS:
        raise fields.wrong("prompt", f"a text, or an array of 1 to {_PROMPTS}")
    if any(isinstance(one, int) for one in value):
        return [_mixed(value, backend)], False
    return [_prompt(one, backend) for one in value], True


def _prompt(value: object, backend: Backend) -> str:
    if isinstance(value, dict):
        inner = check_object(value, "prompt")
        if inner.given("multimodal_data"):
            raise invalid("This model reads no images, sounds or files.", "prompt")
        value = inner.text("prompt_string")
    if isinstance(value, list):
        return _mixed(value, backend)
    return check_text(value, "prompt")


def _mixed(value: list[object], backend: Backend) -> str:
    """The text of tokens among which there may be texts."""
    parts: list[str] = []
    run: list[int] = []
    for one in [*value, ""]:
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 1 << 31:
            run.append(one)
            continue
        if run:
            parts.append(backend.detokenize(run) if parts else spelled(run, backend))
            run = []
        parts.append(check_text(one, "prompt"))
    return "".join(parts)


@dataclass(slots=True)
class _Text:
    pieces: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    stats: Stats | None = None


class NativeAnswers:
    """Collects the events of the answers, and puts them into llama.cpp's words."""

    def __init__(self, call: NativeCall, model: str) -> None:
        self._call = call
        self._model = model
        self._texts = [_Text() for _ in call.requests]

    @property
    def ended(self) -> bool:
        """Whether all answers have ended."""
        return all(text.stats is not None for text in self._texts)

    def begin(self) -> list[dict[str, Any]]:
        """Nothing comes before the text."""
        return []

    def take(self, event: Piece[str] | Reading | Finished) -> list[dict[str, Any]]:
        """Keep an event; returns the objects that tell it."""
        if isinstance(event, Reading):
            return []
        text = self._texts[event.index]
        text.logprobs.extend(event.logprobs)
        if isinstance(event, Finished):
            text.stats = event.stats
            return [self._last(event.index, "", event.logprobs)]
        text.pieces.append(event.item)
        told = {
            "index": event.index,
            "content": event.item,
            "tokens": [one.token for one in event.logprobs],
            "stop": False,
        }
        return [told | self._probabilities(event.logprobs)]

    def end(self) -> list[dict[str, Any]]:
        """Nothing: the last object of each answer says that it is."""
        return []

    def whole(self) -> Any:
        """The answer, or a list of them."""
        bodies = [
            self._last(index, "".join(text.pieces), text.logprobs)
            for index, text in enumerate(self._texts)
        ]
        if wanted := self._call.wanted:
            bodies = [
                {name: found for name in wanted if (found := _member(body, name)) is not None}
                for body in bodies
            ]
        return bodies if self._call.many else bodies[0]

    def _last(self, index: int, content: str, tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
        text = self._texts[index]
        stats = text.stats
        assert stats is not None
        limited = stats.finish == "length"
        tell = self._call.tokens or self._call.stream
        body = {
            "index": index,
            "content": content,
            "tokens": [one.token for one in tokens] if tell else [],
            "stop": True,
            "model": self._model,
            "tokens_predicted": stats.tokens,
            "tokens_evaluated": stats.prompt_tokens,
            "tokens_cached": stats.cached_tokens,
            "generation_settings": self._call.settings,
            "prompt": self._call.prompts[index],
            "has_new_line": "\n" in "".join(text.pieces),
            "truncated": False,
            "stop_type": "limit" if limited else "eos",
            "stopping_word": "",
            "timings": timings(stats),
        }
        return body | self._probabilities(tokens)

    def _probabilities(self, tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
        top = self._call.top
        if not top:
            return {}
        sampling = self._call.drawn
        if sampling is not None:
            told = [drawn_probabilities(one, sampling, top) for one in tokens]
            return {"completion_probabilities": told}
        return {
            "completion_probabilities": [
                {
                    **_token(one.token, one.piece, one.logprob),
                    "top_logprobs": [_token(*other) for other in one.top[:top]],
                }
                for one in tokens
            ]
        }


def drawn_probabilities(one: TokenLogprob, sampling: Sampling, top: int) -> dict[str, Any]:
    """With which probability each of the likeliest tokens would have been drawn.

    What the sampler leaves over of the model's probabilities: top_k, top_p, min_p, temperature,
    in this order. Exact as long as one.top holds at least top_k tokens and nothing is penalised.
    """
    ranked = sorted(one.top, key=lambda other: -other[2])[: sampling.top_k or None]
    kept: list[tuple[int, bytes, float]] = []
    sum_before = 0.0
    whole = sum(math.exp(value) for _, _, value in ranked)
    for token, piece, value in ranked:
        unlikely = value < ranked[0][2] + math.log(sampling.min_p or 1e-300)
        if kept and (sum_before >= sampling.top_p * whole or unlikely):
            break
        kept.append((token, piece, value))
        sum_before += math.exp(value)
    heat = max(sampling.temperature, 1e-6)
    weights = [math.exp((value - ranked[0][2]) / heat) for _, _, value in kept]
    found = {
        token: weight / sum(weights) for (token, _, _), weight in zip(kept, weights, strict=True)
    }
    return {
        "id": one.token,
        "token": text_of(one.piece),
        "bytes": list(one.piece),
        "prob": found.get(one.token, 1.0),
        "top_probs": [
            {"id": token, "token": text_of(piece), "bytes": list(piece), "prob": found[token]}
            for token, piece, _ in kept[:top]
            if found[token] > 0.0
        ],
    }


def _token(token: int, piece: bytes, logprob: float) -> dict[str, Any]:
    value = logprob if math.isfinite(logprob) else -9999.0
    return {"id": token, "token": text_of(piece), "bytes": list(piece), "logprob": value}


def _member(body: dict[str, Any], path: str) -> Any:
    """A member, or one inside another: "generation_settings/n_predict"."""
    value: Any = body
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value
