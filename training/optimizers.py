"""Muon for the weight matrices of the layers, AdamW for embeddings and norms; or AdamW for all."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

OPTIMIZERS = ("muon", "adamw")


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
        """Put back what tensors() returned."""
        owners = {
            name: (optimizer, parameter)
            for optimizer in self.members
            for group in optimizer.param_groups
            for parameter in group["params"]
            for name in (self.names[parameter],)
        }
        for name, value in tensors.items():
            parameter_name, key = name.rsplit(":", 1)
            optimizer, parameter = owners[parameter_name]
            optimizer.state[parameter][key] = value


def make_optimizers(
    model: nn.Module, kind: str, learning_rate: float, weight_decay: float
) -> Optimizers:
    """Optimizers for the model; kind is "muon" or "adamw"; weight decay is for matrices only.

    Muon's steps are scaled to the size of AdamW's, so that one learning rate serves both.
    """
    if kind not in OPTIMIZERS:
        raise ValueError(f"Unknown optimizer {kind!r}; known are {', '.join(OPTIMIZERS)}.")
    named = dict(model.named_parameters())
    matrices = [p for name, p in named.items() if p.ndim == 2 and ".layers." in name]
    in_matrices = set(matrices)
    others = [p for p in named.values() if p not in in_matrices]
    members: list[torch.optim.Optimizer] = []
    plain = [{"params": others, "weight_decay": 0.0}]
    if kind == "muon":
        members.append(
            torch.optim.Muon(
                matrices,
                lr=learning_rate,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    else:
        plain.append({"params": matrices, "weight_decay": weight_decay})
    members.append(torch.optim.AdamW(plain, lr=learning_rate, betas=(0.9, 0.95), fused=True))
    names: dict[Tensor, str] = {parameter: name for name, parameter in named.items()}
    return Optimizers(tuple(members), names, learning_rate)
