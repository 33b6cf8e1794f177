"""The figures of an answer, as OpenAI and as llama.cpp tell them."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.model.generation import Stats, TokenLogprob


def usage(stats: Sequence[Stats]) -> dict[str, object]:
    """Tokens of the answers to one request; stats: of each answer, their prompts counted once
    where they are the same."""
    prompt = max((one.prompt_tokens for one in stats), default=0)
    return usage_of(prompt, stats)


def usage_of(prompt: int, stats: Sequence[Stats]) -> dict[str, object]:
    """The same, for prompts of so many tokens together."""
    tokens = sum(one.tokens for one in stats)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": tokens,
        "total_tokens": prompt + tokens,
        "prompt_tokens_details": {
            "cached_tokens": max((one.cached_tokens for one in stats), default=0)
        },
    }


def timings(stats: Stats) -> dict[str, object]:
    """llama.cpp's object: counts, milliseconds and speeds of prompt and answer."""
    read = stats.prompt_tokens - stats.cached_tokens
    return {
        "cache_n": stats.cached_tokens,
        "prompt_n": read,
        "prompt_ms": _ms(stats.prompt_seconds),
        "prompt_per_token_ms": _ms(stats.prompt_seconds / max(read, 1)),
        "prompt_per_second": _rate(read, stats.prompt_seconds),
        "predicted_n": stats.tokens,
        "predicted_ms": _ms(stats.seconds),
        "predicted_per_token_ms": _ms(stats.seconds / max(stats.tokens, 1)),
        "predicted_per_second": _rate(stats.tokens, stats.seconds),
        "draft_n": stats.drafted,
        "draft_n_accepted": stats.accepted,
    }


def chat_logprobs(tokens: Iterable[TokenLogprob], top: int) -> dict[str, object]:
    """The logprobs object of a chat; top: alternatives a token."""
    return {
        "content": [
            {
                **_token(one.token, one.piece, one.logprob),
                "top_logprobs": [_token(*other) for other in one.top[:top]],
            }
            for one in tokens
        ],
        "refusal": None,
    }


def text_logprobs(tokens: Iterable[TokenLogprob], top: int, start: int) -> dict[str, object]:
    """The logprobs object of a text completion; start: characters of the text before."""
    offsets: list[int] = []
    names: list[str] = []
    values: list[float] = []
    tops: list[dict[str, float]] = []
    for one in tokens:
        name = text_of(one.piece)
        offsets.append(start)
        names.append(name)
        values.append(_known(one.logprob))
        tops.append({text_of(piece): _known(value) for _, piece, value in one.top[:top]})
        start += len(name)
    return {
        "tokens": names,
        "token_logprobs": values,
        "top_logprobs": tops if top else None,
        "text_offset": offsets,
    }


def text_of(piece: bytes) -> str:
    """A token's text; half a character becomes a mark of its own."""
    return piece.decode("utf-8", errors="replace")


def exact_json(value: object) -> str:
    """JSON in which a Decimal is written as the number it was read from."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            inner = ", ".join(f"{exact_json(str(k))}: {exact_json(v)}" for k, v in value.items())
            return f"{{{inner}}}"
        case list() | tuple():
            return f"[{', '.join(exact_json(one) for one in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _token(token: int, piece: bytes, logprob: float) -> dict[str, object]:
    return {
        "id": token,
        "token": text_of(piece),
        "bytes": list(piece),
        "logprob": _known(logprob),
    }


def _known(logprob: float) -> float:
    """JSON has no infinity."""
    return max(min(logprob, 0.0), -9999.0)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 3) if seconds > 0 else 0.0
