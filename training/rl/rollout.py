"""Sampling from a model, many answers at once: a slot that becomes free takes the next prompt.

Nobody waits for the longest answer. A prompt that begins like something a slot still holds takes
the keys and values from there, so the prompts of a group are read once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.rl.slots import Slots


@dataclass(frozen=True)
class Limits:
    """longest: tokens of an answer; stops: ids that end it; slots: answers in the making at once.

    top_p: each token is one of the likeliest that together have at least this probability.
    """

    longest: int
    stops: tuple[int, ...]
    temperature: float = 1.0
    top_p: float = 1.0
    slots: int = 32

    def __post_init__(self) -> None:
        if min(self.longest, self.slots) < 1 or self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError("longest, slots and temperature are above 0, top_p is in (0, 1].")


@dataclass(frozen=True)
class Answer:
    """A sampled continuation.

    tokens: with the stop token, if there was one. log_probs: of each token under
    softmax(logits / temperature), before top_p. finished: ended by a stop token.
    """

    tokens: list[int]
    log_probs: list[float]
    finished: bool


@dataclass
class _Row:
    """An answer in the making; tokens: of prompt and answer, all but the last are in the slot."""

    number: int
    prompt: int
    tokens: list[int]
    chances: Tensor
    log_probs: list[float] = field(default_factory=list)


def generate(
    model: Any, prompts: Sequence[Sequence[int]], limits: Limits, seeds: Sequence[int]
) -> list[Answer]:
    """Sample one answer to each prompt, in their order.

    prompts: token ids, none empty. seeds: one per prompt; an answer depends on its prompt, its
    seed and the model only (up to rounding), not on the other prompts or the number of slots.
    """
    if not prompts:
        return []
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return _Sampling(model, prompts, limits, seeds).run()
    finally:
        model.train(was_training)


class _Sampling:
    def __init__(
        self, model: Any, prompts: Sequence[Sequence[int]], limits: Limits, seeds: Sequence[int]
    ) -> None:
        self._model, self._prompts, self._limits, self._seeds = model, prompts, limits, seeds
        self._device = next(model.parameters()).device
        slots = min(limits.slots, len(prompts))
        self._cache = Slots(slots, max(map(len, prompts)) + limits.longest)
        self._held: list[Sequence[int]] = [()] * slots  # tokens whose keys each slot has
        self._rows: list[_Row] = []  # row i is in slot i
        self._answers: dict[int, Answer] = {}

    def run(self) -> list[Answer]:
        waiting = list(range(len(self._prompts)))[::-1]
        while waiting or self._rows:
            while waiting and len(self._rows) < len(self._held):
                self._rows.append(self._admit(waiting.pop(), len(self._rows)))
            self._step()
            for slot in reversed(range(len(self._rows))):
                if self._ended(self._rows[slot]):
                    self._close(slot, self._admit(waiting.pop(), slot) if waiting else None)
        return [self._answers[number] for number in range(len(self._prompts))]

    def _admit(self, number: int, slot: int) -> _Row:
        """Read a prompt into a slot, all but its last token, which the next step reads."""
        tokens = list(self._prompts[number])
        shared = [_common(tokens[:-1], held) for held in self._held]
        donor = int(np.argmax(shared))
        start = shared[donor]
        self._cache.copy(donor, slot, start)
        if new := tokens[start:-1]:
            self._feed(slice(slot, slot + 1), [new], [range(start, len(tokens) - 1)])
        self._held[slot] = tokens[:-1]
        chances = 1 - np.random.default_rng(self._seeds[number]).random(
            self._limits.longest, np.float32
        )
        return _Row(number, len(tokens), tokens, torch.from_numpy(chances))

    def _step(self) -> None:
        """One more token for every row."""
        rows = self._rows
        logits = self._feed(
            slice(0, len(rows)),
            [row.tokens[-1:] for row in rows],
            [range(len(row.tokens) - 1, len(row.tokens)) for row in rows],
        )
        chances = torch.stack([row.chances[len(row.log_probs)] for row in rows])
        chosen, log_probs = sample(logits, chances.to(self._device), self._limits)
        for row, token, log_prob in zip(rows, chosen.tolist(), log_probs.tolist(), strict=True):
            row.tokens.append(token)
            row.log_probs.append(log_prob)

    def _feed(self, rows: slice, tokens: Any, places: Sequence[range]) -> Tensor:
        positions = torch.tensor([list(place) for place in places], device=self._device)
        given = torch.tensor(tokens, device=self._device)
        return self._cache.feed(self._model, rows, given, positions)

    def _ended(self, row: _Row) -> bool:
        return row.tokens[-1] in self._limits.stops or len(row.log_probs) == self._limits.longest

    def _close(self, slot: int, successor: _Row | None) -> None:
        """Keep the answer of a slot; the last row moves there unless there is a successor."""
        row = self._rows[slot]
        finished = row.tokens[-1] in self._limits.stops
        self._answers[row.number] = Answer(row.tokens[row.prompt :], row.log_probs, finished)
        if successor is None:
            last = len(self._rows) - 1
            self._cache.copy(last, slot, len(self._rows[last].tokens) - 1)
            successor = self._rows.pop()
        if slot < len(self._rows):
            self._rows[slot] = successor


def sample(logits: Tensor, chances: Tensor, limits: Limits) -> tuple[Tensor, Tensor]:
    """Draw a token per row by inverting the cumulative distribution.

    logits: [rows, vocab]; chances: [rows], uniform in (0, 1]. Returns tokens and their
    log-probabilities, [rows] each.
    """
    log_probs = (logits.float() / limits.temperature).log_softmax(-1)
    probs, order = log_probs.exp(), None
    if limits.top_p < 1:
        probs, order = probs.sort(dim=-1, descending=True, stable=True)
        probs = probs.masked_fill(probs.cumsum(-1) - probs >= limits.top_p, 0)
    sums = probs.cumsum(-1)
    # The first sum that reaches a chance above 0 never belongs to a token without probability.
    tokens = torch.searchsorted(sums, (chances * sums[:, -1])[:, None])
    if order is not None:
        tokens = order.gather(1, tokens)
    return tokens[:, 0], log_probs.gather(1, tokens)[:, 0]


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the common beginning."""
    for place, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return place
    return min(len(a), len(b))
