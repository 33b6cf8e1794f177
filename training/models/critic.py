"""A policy with a critic: one number for every place of a text, from a body and a linear head."""

from typing import Any

import torch
from torch import Tensor, nn

from training.loop.batch import Batch
from training.models.parts import base, head, hidden_states
from training.objectives.log_probs import target_log_probs


class ActorCritic(nn.Module):  # type: ignore[misc]  # torch is untyped here
    """policy: a transformers model, with or without adapters; it is what gets published.

    The value head stands on the policy's body, or on that of a model of its own. It starts at
    zero: nothing is expected of any text yet.
    """

    def __init__(self, policy: Any, critic: Any = None) -> None:
        """critic: a causal language model whose body the head stands on; None = the policy's."""
        super().__init__()
        self.policy, self.critic = policy, critic
        if critic is not None and not critic.config.tie_word_embeddings:
            critic.get_output_embeddings().requires_grad_(False)  # it is not used
        width = base(policy if critic is None else critic).config.hidden_size
        self.value = nn.Linear(width, 1, bias=False)
        nn.init.zeros_(self.value.weight)

    def values(self, batch: Batch) -> Tensor:
        """What is expected after each input, [rows, length] fp32."""
        body = self.policy if self.critic is None else self.critic
        return self._read(hidden_states(body, batch.inputs, batch.positions))

    def judge(self, batch: Batch, temperature: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities of the targets, entropies and values, [rows, length] each.

        The first two are of softmax(logits / temperature), and 0 where the weight is 0.
        """
        hidden = hidden_states(self.policy, batch.inputs, batch.positions)
        log_probs, entropies = target_log_probs(hidden, head(self.policy), batch, True, temperature)
        values = self._read(hidden) if self.critic is None else self.values(batch)
        return log_probs, entropies, values

    def _read(self, hidden: Tensor) -> Tensor:
        # A product of elements, not of matrices: autocast leaves it in fp32.
        return (hidden.float() * self.value.weight[0]).sum(-1)


def last_values(values: Tensor, last: Tensor) -> Tensor:
    """The value at one place of each row: [rows, length], [rows] int64 → [rows]."""
    return torch.gather(values, 1, last[:, None]).squeeze(1)
