"""Losses and their gradients against TRL's own code on the same fp64 tensors.

    python -m benchmarks.training.trl_losses --python PYTHON

PYTHON: an interpreter with trl 1.16 and torch; benchmarks/training/trl_losses_peer.py runs there.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.training.programs import cost

BAR = 1e-6
DPO_BETA, ALPHA = 0.1, 0.3  # α: weight of tokens beyond the shorter answer's length
BETA, LOW, HIGH, LONGEST = 0.04, 0.2, 0.28, 16  # of the KL; clipping; the answers' limit
JSD_BETA = 0.3
ROWS, TOKENS, WIDTH, VOCABULARY = 8, 12, 24, 300


def tensors() -> dict[str, Tensor]:
    """Eight answers of 5 to 12 tokens with log-probabilities of a policy that has moved, two
    models' hidden states and output matrices; the same every time."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    lengths = torch.tensor([12, 5, 7, 12, 6, 9, 12, 8])
    mask = (torch.arange(TOKENS) < lengths[:, None]).double()
    old = -normal(ROWS, TOKENS).abs()
    return {
        "mask": mask,
        "old": old,
        "log_probs": old + 0.3 * normal(ROWS, TOKENS),
        "reference": old + 0.2 * normal(ROWS, TOKENS),
        "reference_sums": (old * mask).sum(1),
        "advantages": normal(ROWS),
        "hidden": normal(ROWS * TOKENS, WIDTH),
        "head": normal(VOCABULARY, WIDTH) / 4,
        "teacher_hidden": normal(ROWS * TOKENS, WIDTH),
        "teacher_head": normal(VOCABULARY, WIDTH) / 4,
    }


def evaluated(
    losses: Mapping[str, Callable[[Mapping[str, Tensor]], Tensor]], given: Mapping[str, Tensor]
) -> dict[str, dict[str, Tensor]]:
    """Value of each loss, and its gradient in whatever of these it depends on."""
    found = {}
    for name, loss in losses.items():
        leaves = {
            key: value.clone().requires_grad_(key in {"log_probs", "hidden", "head"})
            for key, value in given.items()
        }
        value = loss(leaves)
        value.backward()
        found[name] = {"value": value.detach()} | {
            key: leaf.grad for key, leaf in leaves.items() if leaf.grad is not None
        }
    return found


def dpo(given: Mapping[str, Tensor], alpha: float) -> Tensor:
    """Mean DPO loss of the pairs: the first half of the rows was chosen."""
    chosen, rejected = answer_log_probs(given["log_probs"], given["mask"], alpha).chunk(2)
    reference_chosen, reference_rejected = given["reference_sums"].chunk(2)
    margin = (chosen - rejected) - (reference_chosen - reference_rejected)
    return dpo_loss(margin, DPO_BETA).mean()


def divergence(given: Mapping[str, Tensor], beta: float) -> Tensor:
    """Sum over tokens of the divergence from the teacher."""
    teacher = WholeTeacher(given["teacher_hidden"], given["teacher_head"])
    weights = torch.ones(ROWS * TOKENS, dtype=torch.float64)
    return chunked_divergence(given["hidden"], given["head"], teacher, weights, beta)
