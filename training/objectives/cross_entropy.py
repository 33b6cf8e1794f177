"""Weighted next-token cross entropy that never holds the logits of more than one chunk of rows.

The gradient is formed while a chunk's logits are in hand: with p = softmax(h Wᵀ) it is
dL/dz = w (p - onehot(target)), so backward only scales two stored tensors.
"""

from typing import Any

import torch
from torch import Tensor, nn

from training.loop.batch import Batch
from training.models.parts import head, hidden_states

ROWS = 512  # 16 MB of fp32 logits at 8,192 entries: they stay in the cache


class _ChunkedCrossEntropy(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor, gradients: bool
    ) -> Tensor:
        head_low = head.to(hidden.dtype)
        grad_hidden = torch.empty_like(hidden)
        grad_head = torch.zeros_like(head) if gradients and ctx.needs_input_grad[1] else None
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        for start in range(0, hidden.shape[0], ROWS):
            part = slice(start, start + ROWS)
            goal, weight = targets[part, None], weights[part, None]
            logits = (hidden[part] @ head_low.T).float()
            norm = logits.logsumexp(-1, keepdim=True)
            total += (weight * (norm - logits.gather(1, goal))).sum()
            if not gradients:
                continue
            slope = logits.sub_(norm).exp_().mul_(weight)
            slope.scatter_add_(1, goal, -weight)
            slope = slope.to(hidden.dtype)
            torch.mm(slope, head_low, out=grad_hidden[part])
            if grad_head is not None:
                grad_head += slope.T @ hidden[part]
        ctx.grads = grad_hidden, grad_head
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden, grad_head = ctx.grads
        ctx.grads = None  # the graph outlives this; scaled in place, nothing is held twice
        if grad_head is not None:
            grad_head.mul_(grads[0])
        return grad_hidden.mul_(grads[0]), grad_head, None, None, None


def chunked_cross_entropy(hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Sum over tokens of weight × negative log-likelihood, in nats.

    hidden: [tokens, width]; its dtype is the dtype of the matrix products. head: [vocab, width].
    targets: [tokens] token ids. weights: [tokens] fp32; tokens of weight 0 cost nothing.
    """
    kept = weights.nonzero().squeeze(1)
    if len(kept) < len(weights):
        hidden, targets, weights = hidden[kept], targets[kept], weights[kept]
    loss: Tensor = _ChunkedCrossEntropy.apply(
        hidden, head, targets, weights, torch.is_grad_enabled()
    )
    return loss


def next_token_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Sum over a batch's tokens of weight × negative log-likelihood, in nats."""
    return loss_of_states(model, batch, hidden_states(model, batch.inputs, batch.positions))


def loss_of_states(model: nn.Module, batch: Batch, states: Tensor) -> Tensor:
    """The same from hidden states [rows, length, width] that are there already."""
    return chunked_cross_entropy(
        states.flatten(0, 1), head(model), batch.targets.flatten(), batch.weights.flatten()
    )
