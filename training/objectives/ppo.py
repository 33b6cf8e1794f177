"""Proximal policy optimisation: advantages of tokens, and the critic's loss.

The clipped policy loss is clipped_surrogate of objectives/policy.py. All tensors are
[rows, length]; mask is 1 for the tokens that the policy wrote, which follow each other in a row,
and values are those of the state before each token.
"""

import torch
from torch import Tensor


def token_rewards(scores: Tensor, kl: Tensor, mask: Tensor, weight: float) -> Tensor:
    """-weight · KL for each token, and the answer's score on top for its last.

    scores: [rows]. kl: an estimate per token of KL(policy ‖ reference), in nats. Ziegler et al.,
    arXiv 1909.08593.
    """
    last = mask * (mask.cumsum(1) == mask.sum(1, keepdim=True))
    return last * scores[:, None] - weight * kl * mask


def generalised_advantages(
    rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, decay: float
) -> Tensor:
    """A_t = Σ_k (γλ)^k δ_{t+k} with δ_t = r_t + γ V_{t+1} - V_t, and V = 0 after the last token.

    decay λ: 0 = one step, small variance; 1 = all rewards to come, no bias. An answer cut off at
    its longest counts as ended. The critic's goal is A + V. Schulman et al., arXiv 1506.02438.
    """
    advantages = torch.zeros_like(values)
    following = value_after = torch.zeros_like(values[:, 0])
    for place in reversed(range(values.shape[1])):
        error = rewards[:, place] + gamma * value_after - values[:, place]
        following = mask[:, place] * (error + gamma * decay * following)
        value_after = mask[:, place] * values[:, place]
        advantages[:, place] = following
    return advantages


def whitened(advantages: Tensor, mask: Tensor) -> Tensor:
    """Advantages of mean 0 and variance 1 over all tokens of the mask, 0 elsewhere."""
    chosen = advantages[mask > 0]
    scale = chosen.std(correction=0).clamp(min=1e-8)
    return (advantages - chosen.mean()) / scale * mask


def value_loss(values: Tensor, old: Tensor, returns: Tensor, clip: float) -> Tensor:
    """½ max((V - R)², (V_c - R)²), where V_c is V held within clip of the value at sampling time.

    Per token; Schulman et al., arXiv 1707.06347 and OpenAI's baselines.
    """
    held = old + (values - old).clamp(-clip, clip)
    return 0.5 * torch.maximum((values - returns) ** 2, (held - returns) ** 2)


def adapted_weight(weight: float, kl: float, target: float) -> float:
    """The KL penalty's weight for the next answers: weight · (1 + 0.1 e), e = kl / target - 1.

    e is held within ±0.2; kl, target: nats per answer. Ziegler et al., arXiv 1909.08593.
    """
    return weight * (1 + 0.1 * max(-0.2, min(0.2, kl / target - 1)))
