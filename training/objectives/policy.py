"""Policy gradients on sampled answers: GRPO and its relatives.

In all of them log_probs, old, reference: [rows, length] log-probabilities of the tokens under the
policy, the policy that sampled them and the reference; advantages: [rows, 1]; results are
[rows, length], to be weighted and summed (token_weights). ratio r = exp(log_probs - old).
"""

from typing import Literal

import torch
from torch import Tensor

Kind = Literal["grpo", "dr_grpo", "dapo", "cispo"]


def group_advantages(rewards: Tensor, scaled: bool = True) -> Tensor:
    """How much better than its group an answer is; both [groups, size].

    A = (R - mean) / std, GRPO (arXiv 2402.03300), with the std of a sample (size - 1) and 0 where
    all rewards are equal; not scaled: A = R - mean, Dr.GRPO (arXiv 2503.20783).
    """
    centred = rewards - rewards.mean(1, keepdim=True)
    if not scaled:
        return centred
    return torch.where(degenerate(rewards)[:, None], 0.0, centred / rewards.std(1, keepdim=True))


def degenerate(rewards: Tensor) -> Tensor:
    """Which groups teach nothing since all their rewards are equal: [groups, size] → [groups]."""
    return rewards.amax(1) - rewards.amin(1) < 1e-6


def clipped_surrogate(
    log_probs: Tensor, old: Tensor, advantages: Tensor, low: float, high: float
) -> tuple[Tensor, Tensor]:
    """-min(r A, clip(r, 1 - low, 1 + high) A), and 1 where the clipping takes the gradient away.

    PPO's surrogate as in GRPO (arXiv 2402.03300); high > low is DAPO's clip-higher (2503.14476).
    """
    ratio = (log_probs - old).exp()
    loss = -torch.minimum(ratio * advantages, ratio.clamp(1 - low, 1 + high) * advantages)
    outside = ((ratio < 1 - low) & (advantages < 0)) | ((ratio > 1 + high) & (advantages > 0))
    return loss, outside.float()


def cispo(
    log_probs: Tensor, old: Tensor, advantages: Tensor, low: float, high: float
) -> tuple[Tensor, Tensor]:
    """-sg(clip(r, 1 - low, 1 + high)) A log π, and 1 where the weight is clipped.

    Every token keeps its gradient; only its weight is bounded. MiniMax-M1, arXiv 2506.13585, where
    low is so large that there is no lower bound.
    """
    ratio = (log_probs - old).exp().detach()
    weight = ratio.clamp(1 - low, 1 + high)
    return -weight * advantages * log_probs, (weight != ratio).float()


def k3(log_probs: Tensor, reference: Tensor) -> Tensor:
    """KL(policy ‖ reference) per token: exp(d) - d - 1 with d = reference - log_probs.

    Never below 0 and unbiased for tokens that the policy sampled (Schulman 2020, GRPO eq. 4).
    """
    difference = reference - log_probs
    return difference.exp() - difference - 1


def token_weights(mask: Tensor, kind: Kind, longest: int) -> tuple[Tensor, float]:
    """Weight of each token in the sum of losses, and this batch's share in its divisor.

    mask: [rows, length], 1 for what the policy wrote; longest: tokens an answer may have.
    grpo: the mean of the rows' means. dr_grpo: the sum over rows x longest, so that long answers
    are not favoured. dapo, cispo: the mean over all tokens.
    """
    rows = len(mask)
    if kind == "grpo":
        return mask / mask.sum(1, keepdim=True).clamp(min=1), float(rows)
    return mask, float(rows * longest) if kind == "dr_grpo" else float(mask.sum())
