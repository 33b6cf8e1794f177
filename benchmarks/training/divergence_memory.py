"""Memory that distilling from a teacher's distributions takes beyond instruction tuning.

    python -m benchmarks.training.divergence_memory --python PYTHON

PYTHON: an interpreter with trl 1.16, for its GKD. Each loss with its backward pass runs in its own
process, from hidden states of width 512 to gradients in fp32; hidden states and output matrices of
student and teacher exist before. KD and DPCD hold the cross entropy as well, GKD only the reverse
KL. A chunk is the logits that cross entropy holds at a time.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from training.objectives.cross_entropy import ROWS, chunked_cross_entropy

BAR = 3.0
TOKENS, WIDTH = 2048, 512
VOCABULARIES = (32_000, 8_192)


def make(vocabulary: int, tokens: int) -> dict[str, Tensor]:
    """Hidden states, output matrices, targets and weights."""
    generator = torch.Generator().manual_seed(1)
    sizes = {"hidden": tokens, "head": vocabulary, "teacher": tokens, "teacher_head": vocabulary}
    made = {
        name: torch.randn(rows, WIDTH, generator=generator) / WIDTH**0.5
        for name, rows in sizes.items()
    }
    for name in ("hidden", "head"):
        made[name].requires_grad_()
    made["targets"] = torch.randint(vocabulary, (tokens,), generator=generator)
    made["weights"] = torch.ones(tokens)
    return made


def sft(given: dict[str, Tensor]) -> Tensor:
    """Cross entropy."""
    names = ("hidden", "head", "targets", "weights")
    return chunked_cross_entropy(*(given[name] for name in names))


def kd(given: dict[str, Tensor]) -> Tensor:
    """Cross entropy and the reverse KL."""
    from training.objectives.divergence import (  # noqa: PLC0415  (only the case that is measured)
        WholeTeacher,
        chunked_divergence,
    )

    teacher = WholeTeacher(given["teacher"], given["teacher_head"])
    return sft(given) + chunked_divergence(
        given["hidden"], given["head"], teacher, given["weights"], beta=1.0
    )


def gkd(given: dict[str, Tensor]) -> Tensor:
    """TRL's reverse KL of full logits, as its GKDTrainer computes it."""
    from trl.experimental.gkd import GKDTrainer  # noqa: PLC0415  (the peer's interpreter only)

    student = given["hidden"] @ given["head"].T
    with torch.no_grad():
        teacher = given["teacher"] @ given["teacher_head"].T
    loss: Tensor = GKDTrainer.generalized_jsd_loss(student, teacher, beta=1.0)
    return loss
