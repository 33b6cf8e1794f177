"""Balance of a mixture of experts: without it a router comes to use a few experts only."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.loop.batch import Batch, Loss
from training.models.parts import base, routed_states
from training.objectives.cross_entropy import loss_of_states


def router_balance(logits: Sequence[Tensor], chosen: int, counted: Tensor) -> Tensor:
    """How unevenly tokens are spread over experts: chosen when even, up to the number of experts.

    logits: [tokens, experts] of each layer's router; chosen: experts per token; counted: [tokens],
    0 for padding. For a layer E · Σₑ fₑ · Pₑ with fₑ = assignments to expert e per token and Pₑ =
    its mean probability (Switch Transformers, arXiv 2101.03961, eq. 4-6), and the mean over the
    layers, so that the coefficient does not depend on the depth. Gradients flow through P only.
    """
    share = counted.float() / counted.sum().clamp(min=1)
    terms = []
    for layer in logits:
        probabilities = layer.float().softmax(-1)
        assigned = torch.zeros_like(probabilities).scatter_(-1, layer.topk(chosen)[1], 1.0)
        terms.append(layer.shape[-1] * ((share @ assigned) * (share @ probabilities)).sum())
    return torch.stack(terms).mean()


def language_loss(model: nn.Module, batch: Batch) -> Loss:
    """The loss of plain language modelling: weighted cross entropy of the next tokens and, for a
    mixture of experts, router_aux_loss_coef × its balance, over the batch's tokens."""
    config = base(model).config
    coefficient: float = getattr(config, "router_aux_loss_coef", 0.0)
    states, logits = routed_states(model, batch.inputs, batch.positions, routes=coefficient > 0)
    loss = loss_of_states(model, batch, states)
    if not logits:
        return Loss(loss)
    # Padding is what follows the last target that counts.
    counted = batch.weights.flip(1).cumsum(1).flip(1) > 0
    balance = router_balance(logits, config.num_experts_per_tok, counted.flatten())
    added = coefficient * batch.whole * balance
    return Loss(loss + added, {"balance": batch.whole * float(balance.detach())})
