"""Chooses the next token: a sampler chain in a fixed order, optionally under a grammar."""

import contextlib
import ctypes
import re
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.model.child.api import api
from engine.model.child.context import Context, Row
from engine.model.child.grammar_limits import can_be_read
from engine.model.child.model import Model
from engine.model.messages import Generate

_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
Candidates = NDArray[np.void]
_SPECIAL = re.compile(r"[\^$\\.*+?()\[\]{}|]")


class BadRequest(Exception):
    """The request cannot be carried out: a mistake of the caller's program."""


class Sampler:
    """Bias, penalties, top-k, top-p, min-p, temperature, then a seeded draw; temperature 0 takes
    the likeliest.

    A lazy grammar (with triggers) holds from the first trigger text on. Raises BadRequest for a
    malformed one.
    """

    def __init__(self, model: Model, request: Generate) -> None:
        self._model = model
        self._greedy = request.temperature <= 0
        self._top_k = request.top_k
        words = zip(request.bias_tokens, request.bias_values, strict=True)
        self._bias = [(token, value) for token, value in words if 0 <= token < model.size]
        self._presence = request.presence_penalty
        self._frequency = request.frequency_penalty
        self._repeat = request.repeat_penalty
        self._said: Counter[int] = Counter()
        self._chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if not self._greedy:
            for sampler in (
                api.llama_sampler_init_top_k(request.top_k),
                api.llama_sampler_init_top_p(request.top_p, 1),
                api.llama_sampler_init_min_p(request.min_p, 1),
                api.llama_sampler_init_temp(request.temperature),
                api.llama_sampler_init_dist(request.seed & 0xFFFFFFFF),
            ):
                api.llama_sampler_chain_add(self._chain, sampler)
        self._grammar: Any = None
        if request.grammar is not None:
            # Texts may hold half a character, which no bytes stand for.
            with contextlib.suppress(UnicodeEncodeError):
                self._grammar = _grammar(model, request.grammar, request.triggers)
            if not self._grammar:
                self.close()
                raise BadRequest("malformed grammar")

    def close(self) -> None:
        """Free the library's objects."""
        api.llama_sampler_free(self._chain)
        if self._grammar:
            api.llama_sampler_free(self._grammar)

    def pick(self, context: Context, row: int) -> int | None:
        """The token for a row of logits, which are changed; None where the grammar allows none."""
        logits = context.logits(row)
        self._adjust(logits)
        if self._greedy:
            token = int(logits.argmax())
        else:
            token = int(api.llama_sampler_sample(self._chain, context.handle, row))
        if self._grammar is not None:
            allowed = self._under_grammar(token, logits)
            if allowed is None:
                return None
            token = allowed
        self.accept(token, in_grammar=False)
        return token

    def accept(self, token: int, in_grammar: bool = True) -> None:
        """Take note of a token that was said; in_grammar: it was not picked here."""
        self._said[token] += 1
        if not in_grammar or self._grammar is None:
            return
        # The library ends the process for a token that its grammar does not allow.
        alone = _candidates(np.array([token]), np.zeros(token + 1, np.float32))
        if self._allowed(alone).size:
            api.llama_sampler_accept(self._grammar, token)

    def _adjust(self, logits: Row) -> None:
        """Bias, and penalties for what the answer has said already."""
        for token, value in self._bias:
            logits[token] += value
        if not (self._presence or self._frequency or self._repeat != 1.0) or not self._said:
            return
        tokens = np.fromiter(self._said.keys(), np.intp)
        counts = np.fromiter(self._said.values(), np.float32)
        values = logits[tokens]
        values = np.where(values > 0, values / self._repeat, values * self._repeat)
        logits[tokens] = values - self._presence - self._frequency * counts

    def _under_grammar(self, token: int, logits: Row) -> int | None:
        """The token, or another where the grammar rejects it."""
        # Checking the one token costs microseconds, applying the grammar to a whole vocabulary
        # milliseconds, and a model that knows its tools is hardly ever rejected.
        if not self._allowed(_candidates(np.array([token]), logits)).size:
            allowed = self._pick_allowed(logits)
            if allowed is None:
                return None
            token = allowed
        api.llama_sampler_accept(self._grammar, token)
        return token

    def _pick_allowed(self, logits: Row) -> int | None:
        """The choice among what the grammar allows, looked for from the likeliest tokens down.

        The chain keeps the top_k best allowed tokens, so it is enough to find that many.
        """
        words = logits.size
        enough = 1 if self._greedy else self._top_k
        count = 64 if 0 < enough <= 64 else words
        while True:
            count = min(count, words)
            ids = np.argpartition(logits, words - count)[words - count :]
            allowed = self._allowed(_candidates(ids, logits))
            if allowed.size >= max(enough, 1) or count == words:
                break
            count *= 16
        if not allowed.size:
            return None
        if self._greedy:
            return int(allowed["id"][allowed["logit"].argmax()])
        array = _array(allowed)
        api.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allowed(self, candidates: Candidates) -> Candidates:
        """Those candidates the grammar accepts next."""
        array = _array(candidates)
        api.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return candidates[candidates["logit"] > -np.inf]


def _grammar(model: Model, text: str, triggers: tuple[str, ...]) -> Any:
    if not can_be_read(text):
        return None
    if not triggers:
        return api.llama_sampler_init_grammar(model.vocabulary, text.encode(), b"root")
    patterns = [_SPECIAL.sub(r"\\\g<0>", trigger).encode() for trigger in triggers]
    return api.llama_sampler_init_grammar_lazy_patterns(
        model.vocabulary,
        text.encode(),
        b"root",
        (ctypes.c_char_p * len(patterns))(*patterns),
        len(patterns),
        (api.llama_token * 0)(),
        0,
    )


def _candidates(ids: NDArray[np.intp], logits: Row) -> Candidates:
    candidates = np.zeros(ids.size, _CANDIDATE)
    candidates["id"] = ids
    candidates["logit"] = logits[ids]
    return candidates


def _array(candidates: Candidates) -> Any:
    """The library's view of the candidates, which must outlive it."""
    pointer = candidates.ctypes.data_as(api.llama_token_data_p)
    return api.llama_token_data_array(pointer, candidates.size, -1, False)
