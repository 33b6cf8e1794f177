"""The reference policy: the model as it was before training."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from training.loop import device
from training.loop.batch import Batch
from training.objectives.log_probs import token_log_probs


class Reference:
    """A policy's starting point: its frozen weights without the adapters, else a frozen copy."""

    def __init__(self, model: nn.Module) -> None:
        """model: the policy, before its first step."""
        inner: Any = getattr(model, "policy", model)
        self._adapted = inner if hasattr(inner, "disable_adapter") else None
        self._copy: nn.Module | None = None
        if self._adapted is None:
            self._copy = copy.deepcopy(inner).to(device.pick()).eval().requires_grad_(False)

    def log_probs(self, batch: Batch, temperature: float = 1.0) -> Tensor:
        """Log-probability of each target, [rows, length], as token_log_probs; without a graph."""
        with torch.no_grad():
            if self._copy is not None:
                return token_log_probs(self._copy, batch, temperature)
            assert self._adapted is not None
            with self._adapted.disable_adapter():
                return token_log_probs(self._adapted, batch, temperature)
