"""What one forward pass is trained on, and what the loop asks of a training method."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """Rows of tokens with a loss weight for each target.

    inputs, targets: [rows, length] int64 token ids. weights: [rows, length] fp32 loss weights; 0
    for padding, which stands at the end of a row. positions: [rows, length] int64, starting at 0
    again with every document packed into a row; None = one document per row, attention plainly
    causal. norm: what the sum of the losses is divided by, over all batches of a step; None = the
    sum of weights. used: inputs that are not padding; 0 = all. extra: tensors an objective needs
    besides, the first dimension being rows.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    positions: Tensor | None = None
    norm: float | None = None
    used: int = 0
    extra: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """Share of this batch in the divisor of a step."""
        return float(self.weights.sum()) if self.norm is None else self.norm

    @property
    def tokens(self) -> int:
        """Inputs that are not padding."""
        return self.used or self.inputs.numel()

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        if device.type == "cpu":
            return self
        moved = {
            f.name: value.to(device, non_blocking=True)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), Tensor)
        }
        extra = {name: value.to(device, non_blocking=True) for name, value in self.extra.items()}
        return replace(self, **moved, extra=extra)

    def first(self) -> "Batch":
        """The first row alone."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        rows = {name: value[:1] for name, value in given.items() if isinstance(value, Tensor)}
        return Batch(**rows, extra={name: value[:1] for name, value in self.extra.items()})

    def empty(self) -> "Batch":
        """The same shapes, all else zero: what a process without a share of a step computes.

        So a loss takes the same way as in the other processes, and none of its terms count.
        """
        extra = {name: torch.zeros_like(value) for name, value in self.extra.items()}
        weights = torch.zeros_like(self.weights)
        return replace(self, weights=weights, norm=0.0, used=1, extra=extra)


@dataclass(frozen=True)
class Step:
    """The batches of one optimizer step, the same in every process, and figures for the log."""

    batches: list[Batch]
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    """A batch's loss as a sum, not a mean, and sums of further figures to be divided likewise."""

    sum: Tensor
    figures: Mapping[str, float] = field(default_factory=dict)


class Method(Protocol):
    """A training method, as the loop sees it."""

    model: nn.Module
    epoch_steps: int  # optimizer steps until the data begins anew; 0 = no such thing

    def next_step(self, done: float) -> Step:
        """The next step's batches: a function of state() and, for RL, of the model.

        done: share of the run that is over, for what changes on the way.
        """
        ...

    def loss(self, batch: Batch) -> Loss:
        """The loss of one batch, with a graph to the model's trainable parameters."""
        ...

    def evaluate(self) -> dict[str, float]:
        """Held-out figures; the first is watched for early stopping, lower being better."""
        ...

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go to a place that state() returned."""
        ...
