"""The chains of thought of tokenised dialogues: the step of each token and its weight in DPCD."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from training.data.reasoning import (
    classify,
    last_answer,
    numbered,
    question,
    split,
    term_share,
    thought,
)
from training.data.selection import span
from training.data.sft import Dialogues, encode
from training.objectives.dpcd import (
    Coefficients,
    Task,
    complexity,
    decay,
    mean_and_deviation,
    step_weight,
)


@dataclass(frozen=True)
class Chains:
    """Dialogues with their chains; the first `domain` dialogues are learnt, the others replayed.

    steps: number of the step of each token, from 1; 0 = none. kl: λ α_i / tokens of step i, for
    each token. Per dialogue, counts: steps (T); heights: H; shares: S(c) / |V_crypto|; tasks.
    """

    dialogues: Dialogues
    domain: int
    steps: NDArray[np.int64]
    kl: NDArray[np.float32]
    counts: NDArray[np.int64]
    heights: NDArray[np.float64]
    shares: NDArray[np.float64]
    tasks: tuple[Task, ...]

    def without(self, dropped: NDArray[np.bool_]) -> "Chains":
        """These chains taken out: their tokens count for nothing, in the cross entropy either."""
        gone = np.repeat(dropped, self.dialogues.lengths) & (self.steps > 0)
        weights = np.where(gone, 0, self.dialogues.weights).astype(np.float32)
        return replace(
            self,
            dialogues=Dialogues(self.dialogues.ids, weights, self.dialogues.starts),
            steps=np.where(gone, 0, self.steps),
            counts=np.where(dropped, 0, self.counts),
        )

    def weighed(self, coefficients: Coefficients) -> "Chains":
        """The same with kl filled in; μ_H and σ_H are those of the chains that are left."""
        moments = mean_and_deviation(self.heights[self.counts > 0].tolist())
        kl = np.zeros_like(self.kl)
        for number in np.flatnonzero(self.counts):
            part = span(self.dialogues, int(number))
            weight = step_weight(
                self.tasks[number],
                float(self.heights[number]),
                moments,
                float(self.shares[number]),
                coefficients,
            )
            alphas = np.array([0.0, *decay(int(self.counts[number]), coefficients.delta)])
            sizes = np.bincount(self.steps[part], minlength=len(alphas))
            kl[part] = (weight * alphas / np.maximum(1, sizes))[self.steps[part]]
        return replace(self, kl=kl)

    def rows(self, numbers: Sequence[int], length: int) -> tuple[Tensor, Tensor]:
        """kl and steps of some dialogues' targets, [rows, length], 0 where a row is filled up."""
        kl = torch.zeros(len(numbers), length)
        steps = torch.zeros(len(numbers), length, dtype=torch.int64)
        for row, number in enumerate(numbers):
            part = span(self.dialogues, number)
            size = part.stop - part.start - 1
            kl[row, :size] = torch.from_numpy(self.kl[part][1:])
            steps[row, :size] = torch.from_numpy(self.steps[part][1:])
        return kl, steps


def annotate(dialogues: Dialogues, domain: int, tokenizer: Tokenizer) -> Chains:
    """Find the chains; the answer after a replayed chain belongs to its last step.

    Raises ValueError if the tokenizer does not give back the text it was given.
    """
    steps = np.zeros(len(dialogues.ids), dtype=np.int64)
    counts = np.zeros(len(dialogues), dtype=np.int64)
    heights, shares = np.zeros(len(dialogues)), np.zeros(len(dialogues))
    tasks = []
    for number in range(len(dialogues)):
        ids, loss = dialogues[number]
        text = tokenizer.decode(ids.tolist(), skip_special_tokens=False)
        encoding = tokenizer.encode(text, add_special_tokens=False)
        if encoding.ids != ids.tolist():
            raise ValueError("DPCD needs a tokenizer whose decoded text gives the same tokens.")
        answers = _stretches(loss > 0, encoding.offsets)
        begin, end = last_answer(text, answers)
        chain = split(text[thought(text, begin)])
        _, found = encode(numbered(text, begin, end, with_answer=number >= domain), tokenizer)
        # What the prompt of the answer holds, such as <think> in some templates, is no step.
        steps[span(dialogues, number)] = np.where(loss > 0, found, 0)
        counts[number] = len(chain.steps)
        heights[number] = complexity(len(chain.steps), chain.branching)
        shares[number] = term_share("".join(chain.steps))
        before = answers[-2][1] if len(answers) > 1 else 0
        tasks.append(classify(question(text, begin, before)))
    kl = np.zeros(len(steps), dtype=np.float32)
    learnt = np.arange(len(dialogues)) < domain
    weights = np.where(np.repeat(learnt, dialogues.lengths), dialogues.weights, 0)
    made = Dialogues(dialogues.ids, weights.astype(np.float32), dialogues.starts)
    return Chains(made, domain, steps, kl, counts, heights, shares, tuple(tasks))


def _stretches(
    learnt: NDArray[np.bool_], offsets: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Beginning and end in the text of each run of learnt tokens."""
    edges = np.flatnonzero(np.diff(np.r_[False, learnt, False])).reshape(-1, 2)
    return [(offsets[first][0], offsets[after - 1][1]) for first, after in edges]
