"""FSDP2: weights, gradients and optimizer state spread over the processes, layer by layer.

Layers are gathered when they are computed and given up afterwards (torch's fully_shard). The
gradients are summed, not averaged, since the losses are divided by the whole step already.
"""

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, Partial, distribute_tensor

from training.models.parts import backbone, layers


def shard(model: nn.Module) -> None:
    """Shard the model in place; every process must hold the same weights."""
    for layer in layers(model):
        fully_shard(layer)
    fully_shard(backbone(model))
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)


def whole(tensor: Tensor) -> Tensor:
    """The whole of a tensor that may be sharded; gradients flow back into the shards."""
    if isinstance(tensor, DTensor):
        full: Tensor = tensor.full_tensor(grad_placements=[Partial()])
        return full
    return tensor


def like(value: Tensor, example: Tensor) -> Tensor:
    """A whole tensor, sharded as the example is."""
    if isinstance(example, DTensor):
        return distribute_tensor(value, example.device_mesh, example.placements)
    return value.to(example.device)


def is_sharded(model: nn.Module) -> bool:
    """Whether shard() has been called."""
    return any(isinstance(p, DTensor) for p in model.parameters())


def gathered(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Whole copies on the CPU, for a checkpoint; every process must call it."""
    with torch.no_grad():
        return {name: whole(t.detach()).cpu().contiguous() for name, t in tensors.items()}
