"""Losses of preferring one answer to another, of their log-probabilities; one loss per pair.

With a reference they are functions of margin, [pairs], in nats: log π(chosen) - log π(rejected)
less the same of the reference, with the log-probabilities summed over an answer's tokens.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def dpo_loss(margin: Tensor, beta: float, smoothing: float = 0.0) -> Tensor:
    """Direct preference optimisation: -(1-ε) log σ(β margin) - ε log σ(-β margin).

    smoothing ε: share of pairs whose sides are believed to be swapped (conservative DPO, Mitchell
    2023). Rafailov et al., arXiv 2305.18290.
    """
    scaled = beta * margin
    return -(1 - smoothing) * logsigmoid(scaled) - smoothing * logsigmoid(-scaled)


def ipo_loss(margin: Tensor, beta: float) -> Tensor:
    """Identity preference optimisation: (margin - 1 / 2β)². Azar et al., arXiv 2310.12036."""
    return (margin - 1 / (2 * beta)) ** 2


def simpo_loss(
    chosen_mean: Tensor, rejected_mean: Tensor, beta: float, gap: float, smoothing: float = 0.0
) -> Tensor:
    """SimPO, without a reference: -log σ(β (chosen_mean - rejected_mean) - γ).

    means: [pairs] log-probability of an answer divided by its length in tokens. gap γ: what the
    reward β·mean of the two shall differ by at least. smoothing: as in dpo_loss. Meng et al.,
    arXiv 2405.14734.
    """
    return dpo_loss(chosen_mean - rejected_mean - gap / beta, beta, smoothing)


def orpo_loss(chosen_mean: Tensor, rejected_mean: Tensor, strength: float) -> Tensor:
    """Odds-ratio preference, without a reference: NLL(chosen) - λ log σ(log odds ratio).

    means l: as in simpo_loss; NLL = -l and log odds = l - log(1 - eˡ). strength λ. Hong et al.,
    arXiv 2403.07691.
    """
    ratio = _log_odds(chosen_mean) - _log_odds(rejected_mean)
    return -chosen_mean - strength * logsigmoid(ratio)


def answer_log_probs(log_probs: Tensor, weights: Tensor, length_alpha: float = 1.0) -> Tensor:
    """Sum of each answer's log-probabilities, with less weight beyond the shorter one's length.

    log_probs, weights: [2·pairs, tokens], the chosen rows first; weights 0 or 1. Tokens up to the
    shorter answer's length count 1, those beyond it α: 1 is plain DPO, 0 ignores the surplus.
    The result is [2·pairs]. LD-DPO: Liu et al., arXiv 2409.06411.
    """
    lengths = weights.sum(1)
    shorter = torch.minimum(*lengths.chunk(2)).repeat(2)
    surplus = weights.cumsum(1) > shorter[:, None]
    return (log_probs * weights * torch.where(surplus, length_alpha, 1.0)).sum(1)


def _log_odds(log_prob: Tensor) -> Tensor:
    # A probability of exactly 1 would have infinite odds.
    log_prob = log_prob.clamp(max=-1e-6)
    return log_prob - torch.log(-torch.expm1(log_prob))
