"""Log-probabilities of given tokens, and entropies; full logits exist for a chunk of rows only.

Backward computes a chunk's logits z = h Wᵀ / T again. With p = softmax(z) and entropy H the slopes
are
∂log p(target)/∂z = onehot(target) - p and ∂H/∂z = -p (log p + H).
"""

from typing import Any

import torch
from torch import Tensor, nn

from training.loop.batch import Batch
from training.models.parts import head as head_of
from training.models.parts import hidden_states

ROWS = 128  # rows of a chunk


class _ChunkedLogProbs(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        head: Tensor,
        targets: Tensor,
        with_entropy: bool,
        temperature: float,
    ) -> tuple[Tensor, Tensor]:
        head_low = head.to(hidden.dtype)
        norms, found, entropies = (
            torch.zeros(len(hidden), dtype=torch.float32, device=hidden.device) for _ in range(3)
        )
        for start in range(0, len(hidden), ROWS):
            part = slice(start, start + ROWS)
            logits = (hidden[part] @ head_low.T).float().div_(temperature)
            norms[part] = logits.logsumexp(-1)
            found[part] = logits.gather(1, targets[part, None]).squeeze(1) - norms[part]
            if with_entropy:
                entropies[part] = norms[part] - (logits.softmax(-1) * logits).sum(-1)
        ctx.save_for_backward(hidden, head, targets, norms, entropies)
        if not with_entropy:
            ctx.mark_non_differentiable(entropies)
        ctx.with_entropy, ctx.temperature = with_entropy, temperature
        return found, entropies

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        hidden, head, targets, norms, entropies = ctx.saved_tensors
        by_log_prob, by_entropy = grads
        head_low = head.to(hidden.dtype)
        grad_hidden = torch.empty_like(hidden)
        grad_head = torch.zeros_like(head) if ctx.needs_input_grad[1] else None
        for start in range(0, len(hidden), ROWS):
            part = slice(start, start + ROWS)
            logs = (hidden[part] @ head_low.T).float().div_(ctx.temperature)
            logs -= norms[part, None]
            factor = -by_log_prob[part, None]
            if ctx.with_entropy:
                factor = factor - by_entropy[part, None] * (logs + entropies[part, None])
            slope = logs.exp_().mul_(factor)
            slope.scatter_add_(1, targets[part, None], by_log_prob[part, None])
            slope = slope.div_(ctx.temperature).to(hidden.dtype)
            torch.mm(slope, head_low, out=grad_hidden[part])
            if grad_head is not None:
                grad_head += slope.T @ hidden[part]
        return grad_hidden, grad_head, None, None, None


def chunked_log_probs(
    hidden: Tensor,
    head: Tensor,
    targets: Tensor,
    with_entropy: bool = False,
    temperature: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Log-probability of each target and entropy of each distribution (0 unless asked), in nats.

    hidden: [tokens, width]; its dtype is the dtype of the matrix products. head: [vocab, width].
    targets: [tokens] token ids. temperature: divides the logits. Both results: [tokens] fp32.
    """
    found: tuple[Tensor, Tensor] = _ChunkedLogProbs.apply(
        hidden, head, targets, with_entropy, temperature
    )
    return found


def target_log_probs(
    hidden: Tensor,
    head: Tensor,
    batch: Batch,
    with_entropy: bool = False,
    temperature: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """As chunked_log_probs, for hidden states [rows, length, width] of a batch.

    Both results: [rows, length], 0 where the weight is 0; such tokens cost nothing.
    """
    kept = batch.weights.flatten().nonzero().squeeze(1)
    found = chunked_log_probs(
        hidden.flatten(0, 1)[kept],
        head,
        batch.targets.flatten()[kept],
        with_entropy,
        temperature,
    )
    empty = torch.zeros(batch.weights.numel(), dtype=torch.float32, device=hidden.device)
    log_probs, entropies = (
        empty.index_put((kept,), values).view_as(batch.weights) for values in found
    )
    return log_probs, entropies


def token_log_probs(model: nn.Module, batch: Batch, temperature: float = 1.0) -> Tensor:
    """Log-probability of each target under the model, [rows, length]; 0 where the weight is 0."""
    hidden = hidden_states(model, batch.inputs, batch.positions)
    return target_log_probs(hidden, head_of(model), batch, temperature=temperature)[0]
