"""The members that say how to choose words: the same for chats and for texts to continue."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.model.chat_types import Sampling
from engine.server.fields import Fields, check_text
from engine.server.options import Limits

TOP_LOGPROBS = 20
_STOPS, _STOP_LENGTH = 16, 500
_BIASES = 1024
_GRAMMAR = 64 << 10  # characters
_RULES, _GROUPS = 4000, 100
_OPTIONAL = 150
# What stands for itself in GBNF: comments, texts, classes of characters, names of tokens.
_PLAIN = re.compile(r'#[^\n]*|"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|<[^>]*>', re.DOTALL)
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Choosing:
    """sampling and its companions; n: answers wanted; max_tokens: None = as many as fit."""

    sampling: Sampling
    n: int
    max_tokens: int | None
    stop: tuple[str, ...]
    logit_bias: tuple[tuple[int, float], ...]

    def seeded(self, index: int) -> Sampling:
        """The sampling of one of several answers: a seed of its own, if one was asked for."""
        seed = self.sampling.seed
        return self.sampling if seed is None else replace(self.sampling, seed=seed + index)


def read_choosing(
    fields: Fields, defaults: Sampling, limits: Limits, tokenize: Callable[[str], list[int]]
) -> Choosing:
    """What a request says, defaults where it is silent. Raises ApiError."""
    values: dict[str, Any] = {
        "temperature": fields.number("temperature", defaults.temperature, 0.0, 10.0),
        "top_k": max(fields.whole("top_k", defaults.top_k, -1, 1 << 20), 0),
        "top_p": fields.number("top_p", defaults.top_p, 0.0, 1.0),
        "min_p": fields.number("min_p", defaults.min_p, 0.0, 1.0),
        "presence_penalty": fields.number("presence_penalty", defaults.presence_penalty, -2.0, 2.0),
        "frequency_penalty": fields.number(
            "frequency_penalty", defaults.frequency_penalty, -2.0, 2.0
        ),
        "repeat_penalty": fields.number("repeat_penalty", defaults.repeat_penalty, 0.01, 10.0),
    }
    seed = fields.whole("seed", None, -(1 << 63), (1 << 64) - 1)
    if seed is not None:
        # The sampler's seeds have 31 bits; -1 is how llama.cpp's clients say "any".
        values["seed"] = None if seed == -1 else seed % (1 << 31)
    return Choosing(
        replace(defaults, **values),
        fields.whole("n", 1, 1, limits.choices),
        _max_tokens(fields, limits.tokens),
        read_stop(fields),
        read_bias(fields, tokenize),
    )


def _max_tokens(fields: Fields, usual: int | None) -> int | None:
    for name in ("max_completion_tokens", "max_tokens", "n_predict"):
        if fields.given(name):
            wanted = fields.whole(name, -1, -1, 1 << 31)
            return None if wanted < 0 else wanted
    return usual


def read_stop(fields: Fields) -> tuple[str, ...]:
    """The texts that end an answer: one, or a list."""
    value = fields.get("stop")
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    if len(found) > _STOPS:
        raise fields.wrong("stop", f"at most {_STOPS} texts")
    if not all(isinstance(text, str) and len(text) <= _STOP_LENGTH for text in found):
        raise fields.wrong("stop", f"texts of at most {_STOP_LENGTH} characters")
    texts = [check_text(text, fields.path("stop")) for text in found]
    return tuple(dict.fromkeys(text for text in texts if text))


def read_grammar(fields: Fields) -> str | None:
    """The grammar in GBNF that the answer has to follow.

    The library reads groups in groups by recursion and ends the process where they are too many;
    parts that may be left out, one after another, cost it the cube of their number.
    """
    grammar = fields.text("grammar") or None
    if grammar is None:
        return None
    if len(grammar) > _GRAMMAR:
        raise fields.wrong("grammar", f"a text of at most {_GRAMMAR:,} characters")
    depth = deepest = 0
    rest = _PLAIN.sub("", grammar)
    for letter in rest:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    optional = max(sum(map(rule.count, "?*{")) for rule in rest.split("::="))
    if deepest > _GROUPS or rest.count("::=") > _RULES or optional > _OPTIONAL:
        limits = (
            f"{_RULES:,} rules, {_GROUPS} groups one in the other, and {_OPTIONAL} repeated or "
            "optional parts in a rule"
        )
        raise fields.wrong("grammar", f"of at most {limits}")
    return grammar


def read_bias(
    fields: Fields, tokenize: Callable[[str], list[int]]
) -> tuple[tuple[int, float], ...]:
    """OpenAI's {"token": bias}, or llama.cpp's [[token or text, bias or false], …]."""
    value = fields.get("logit_bias")
    if value is None:
        return ()
    pairs: list[Any]
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list) and all(isinstance(one, list) and len(one) == 2 for one in value):
        pairs = value
    else:
        raise fields.wrong("logit_bias", "an object of biases by token")
    if len(pairs) > _BIASES:
        raise fields.wrong("logit_bias", f"at most {_BIASES} biases")
    found: dict[int, float] = {}
    for token, bias in pairs:
        if bias is not False and (
            isinstance(bias, bool) or not isinstance(bias, int | float) or not abs(bias) <= -_NEVER
        ):
            raise fields.wrong("logit_bias", "an object of numbers by token")
        for one in _tokens(token, fields, tokenize):
            found[one] = _NEVER if bias is False else float(bias)
    return tuple(found.items())


def _tokens(token: object, fields: Fields, tokenize: Callable[[str], list[int]]) -> list[int]:
    if isinstance(token, int) and not isinstance(token, bool) and 0 <= token < 1 << 31:
        return [token]
    if isinstance(token, str):
        if token.isascii() and token.isdigit() and len(token) < 10:
            return [int(token)]
        return tokenize(check_text(token, fields.path("logit_bias")))
    raise fields.wrong("logit_bias", "biases by token numbers or texts")
