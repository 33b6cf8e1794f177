"""Muon for the weight matrices of the layers, AdamW for the rest; or AdamW for all."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.loop import sharding

# What each optimizer keeps per weight.
_ADAMW, _MUON = {"step", "exp_avg", "exp_avg_sq"}, {"momentum_buffer"}


@dataclass(frozen=True)
class Optimizers:
    """The optimizers of one model with the names of their parameters, for checkpoints."""

    members: tuple[torch.optim.Optimizer, ...]
    names: dict[Tensor, str]
    learning_rate: float

    def step(self, factor: float) -> None:
        """Update the weights at factor × the peak learning rate and clear the gradients."""
        for optimizer in self.members:
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """All state tensors under the names PARAMETER:STATE."""
        return {
            f"{self.names[parameter]}:{key}": value
            for optimizer in self.members
            for parameter, state in optimizer.state.items()
            for key, value in state.items()
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what tensors() returned; ValueError if it is another optimizer's."""
        owners = {
            self.names[parameter]: (optimizer, parameter)
            for optimizer in self.members
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        wanted = {
            f"{name}:{key}"
            for name, (optimizer, _) in owners.items()
            for key in (_MUON if isinstance(optimizer, torch.optim.Muon) else _ADAMW)
        }
        if not wanted >= tensors.keys():
            raise ValueError("The checkpoint was made with another loop.optimizer.")
        for name, value in tensors.items():
            parameter_name, key = name.rsplit(":", 1)
            optimizer, parameter = owners[parameter_name]
            alike = value.shape == parameter.shape and value.ndim > 0
            kept = sharding.like(value, parameter) if alike else value.to(parameter.device)
            optimizer.state[parameter][key] = kept


def make_optimizers(
    model: nn.Module, kind: str, learning_rate: float, weight_decay: float
) -> Optimizers:
    """Optimizers for the trainable weights; kind is "muon" or "adamw".

    Weight decay is for matrices of the layers only. Muon's steps are scaled to the size of
    AdamW's, so that one learning rate serves both.
    """
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    matrices = {n: p for n, p in named.items() if p.ndim >= 2 and ".layers." in n}
    by_muon = [p for p in matrices.values() if kind == "muon" and p.ndim == 2]
    taken = {id(p) for p in by_muon}
    decayed = [p for p in matrices.values() if id(p) not in taken]
    plain = [p for n, p in named.items() if n not in matrices]
    members: list[torch.optim.Optimizer] = []
    if by_muon:
        members.append(
            torch.optim.Muon(
                by_muon,
                lr=learning_rate,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    groups = [
        {"params": group, "weight_decay": decay}
        for group, decay in ((plain, 0.0), (decayed, weight_decay))
        if group
    ]
    if groups:
        members.append(torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95), fused=True))
    names: dict[Tensor, str] = {parameter: name for name, parameter in named.items()}
    return Optimizers(tuple(members), names, learning_rate)
