"""FSDP2: weights, gradients and optimizer state spread over the processes, layer by layer.

Layers are gathered when they are computed and given up afterwards (torch's fully_shard). The
gradients are summed, not averaged, since the losses are divided by the whole step already.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, Partial, distribute_tensor

from training.loop import distributed
from training.models.parts import backbone, base, layers


def shard(model: nn.Module) -> None:
    """Shard the model in place; every process must hold the same weights.

    The loss reads the output matrix outside of any forward pass of its module, through whole().
    Where it is the embedding, it must become the sharded one too, or it would keep the old weights.
    """
    inner = base(model)
    embedding, output = inner.get_input_embeddings(), inner.get_output_embeddings()
    tied = embedding.weight is output.weight
    for layer in layers(model):
        fully_shard(layer)
    fully_shard(backbone(model), reshard_after_forward=True)
    if tied:
        output.weight = embedding.weight
    else:
        fully_shard(output)
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
    """A whole tensor, on the example's device and sharded as it is."""
    if isinstance(example, DTensor):
        return distribute_tensor(value, example.device_mesh, example.placements)
    return value.to(example.device)


def unshard(model: nn.Module) -> None:
    """Give the first process the whole weights, on the CPU, to write them; training is over then.

    Every process must call it.
    """
    made: dict[Tensor, nn.Parameter] = {}  # tied weights stay tied
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if isinstance(parameter, DTensor):
                if parameter not in made:
                    full = whole(parameter.detach()).cpu()
                    made[parameter] = nn.Parameter(full, parameter.requires_grad)
                if distributed.is_first():
                    setattr(module, name, made[parameter])
        if isinstance(module, FSDPModule):
            # Torch knows no way back: its class, put before the module's own, goes.
            module.__class__ = type(module).__bases__[1]


def is_sharded(model: nn.Module) -> bool:
    """Whether shard() has been called."""
    return any(isinstance(p, DTensor) for p in model.parameters())


def split(tensors: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The sharded tensors and the others."""
    sharded = [t for t in tensors if isinstance(t, DTensor)]
    return sharded, [t for t in tensors if not isinstance(t, DTensor)]


def gathered(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Whole copies on the CPU: every process must call it, the first one gets them."""
    kept = {}
    with torch.no_grad():
        for name, tensor in tensors.items():
            full = whole(tensor.detach())
            if distributed.is_first():
                kept[name] = full.cpu().contiguous()
    return kept


def held_bytes(tensor: Tensor) -> int:
    """Bytes of a tensor that this process holds."""
    mine: Tensor = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return int(mine.numel() * mine.element_size())
