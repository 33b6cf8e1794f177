"""Chooses the next token: a sampler chain in a fixed order, optionally under a grammar."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.model.llama_api import api
from engine.model.llama_context import Context, Row
from engine.model.llama_model import Model
from engine.model.protocol import Generate

_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
Candidates = NDArray[np.void]


class BadRequest(Exception):
    """The request cannot be carried out: a mistake of the caller's program."""


class Sampler:
    """Top-k, top-p, min-p, temperature, then a seeded draw; temperature 0 takes the likeliest.

    No penalties: they damage numbers and JSON. Raises BadRequest for a malformed grammar.
    """

    def __init__(self, model: Model, request: Generate) -> None:
        self._model = model
        self._greedy = request.temperature <= 0
        self._top_k = request.top_k
        self._chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if not self._greedy:
            for sampler in (
                api.llama_sampler_init_top_k(request.top_k),
                api.llama_sampler_init_top_p(request.top_p, 1),
                api.llama_sampler_init_min_p(request.min_p, 1),
                api.llama_sampler_init_temp(request.temperature),
                api.llama_sampler_init_dist(request.seed),
            ):
                api.llama_sampler_chain_add(self._chain, sampler)
        self._grammar: Any = None
        if request.grammar is not None:
            self._grammar = api.llama_sampler_init_grammar(
                model.vocabulary, request.grammar.encode(), b"root"
            )
            if not self._grammar:
                self.close()
                raise BadRequest("malformed grammar")

    def close(self) -> None:
        """Free the library's objects."""
        api.llama_sampler_free(self._chain)
        if self._grammar:
            api.llama_sampler_free(self._grammar)

    def pick(self, context: Context) -> int | None:
        """The next token after what the context holds; None where the grammar allows nothing."""
        logits = context.logits()
        if self._greedy:
            token = int(logits.argmax())
        else:
            token = int(api.llama_sampler_sample(self._chain, context.handle, -1))
        if self._grammar is None:
            return token
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


def _candidates(ids: NDArray[np.intp], logits: Row) -> Candidates:
    candidates = np.zeros(ids.size, _CANDIDATE)
    candidates["id"] = ids
    candidates["logit"] = logits[ids]
    return candidates


def _array(candidates: Candidates) -> Any:
    """The library's view of the candidates, which must outlive it."""
    pointer = candidates.ctypes.data_as(api.llama_token_data_p)
    return api.llama_token_data_array(pointer, candidates.size, -1, False)
