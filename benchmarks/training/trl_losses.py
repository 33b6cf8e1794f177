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
from training.objectives.divergence import WholeTeacher, chunked_divergence
from training.objectives.policy import Kind, cispo, clipped_surrogate, k3, token_weights
from training.objectives.preference import answer_log_probs, dpo_loss

BAR = 1e-6  # largest difference over the largest entry
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


def policy(given: Mapping[str, Tensor], kind: Kind, low: float, high: float) -> Tensor:
    """A loss of the GRPO family with the KL term."""
    log_probs, mask = given["log_probs"], given["mask"]
    objective = cispo if kind == "cispo" else clipped_surrogate
    loss, _ = objective(log_probs, given["old"], given["advantages"][:, None], low, high)
    weights, divisor = token_weights(mask, kind, LONGEST)
    return ((loss + BETA * k3(log_probs, given["reference"])) * weights).sum() / divisor


LOSSES: dict[str, Callable[[Mapping[str, Tensor]], Tensor]] = {
    "DPO": lambda given: dpo(given, 1.0),
    "LD-DPO": lambda given: dpo(given, ALPHA),
    "GRPO": lambda given: policy(given, "grpo", LOW, LOW),
    "Dr. GRPO": lambda given: policy(given, "dr_grpo", LOW, LOW),
    "DAPO": lambda given: policy(given, "dapo", LOW, HIGH),
    "CISPO": lambda given: policy(given, "cispo", 1.0, HIGH),  # 1.0: no lower bound
    "forward KL": lambda given: divergence(given, 0.0),
    "reverse KL": lambda given: divergence(given, 1.0),
    "JSD": lambda given: divergence(given, JSD_BETA),
}


def main() -> None:
    """Print the largest difference of each loss's value and gradient, in relation to its size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "theirs.pt"
        program = [options.python.absolute(), "-m", "benchmarks.training.trl_losses_peer", file]
        cost(program, Path(name), threads=1)
        theirs = torch.load(file)
    worst = 0.0
    for loss, found in evaluated(LOSSES, tensors()).items():
        assert found.keys() == theirs[loss].keys()
        errors = {
            key: float((value - theirs[loss][key]).abs().max() / theirs[loss][key].abs().max())
            for key, value in found.items()
        }
        worst = max(worst, *errors.values())
        shown = ", ".join(f"{key} {error:.1e}" for key, error in errors.items())
        print(f"{loss:10}  value {float(found['value']):10.6f}; differences: {shown}")
    print(f"largest difference {worst:.1e}; bar {BAR:.0e}")


if __name__ == "__main__":
    main()
