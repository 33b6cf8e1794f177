"""Several processes that train one model: torchrun starts them, each does a share of every step.

On a busy CPU two processes of one thread are much faster than one process of two: they wait for
each other once per step and not at every operation.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

Item = TypeVar("Item")
_PATIENCE = timedelta(days=2)  # the first process may write a teacher's answers for hours


def join() -> None:
    """Join the other processes if torchrun started this one: NCCL with GPUs, else gloo."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        kind = "nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(kind, timeout=_PATIENCE)


def leave() -> None:
    """Part from the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


def world() -> int:
    """Number of processes."""
    return int(dist.get_world_size()) if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return int(dist.get_rank()) if dist.is_initialized() else 0


def is_first() -> bool:
    """True in the process that logs and saves."""
    return rank() == 0


def share(items: Sequence[Item]) -> Sequence[Item]:
    """This process's part of the items."""
    return items[rank() :: world()]


def same(tensors: Iterable[Tensor]) -> None:
    """Give every process the first one's values, such as those of fresh adapters."""
    if dist.is_initialized():
        for tensor in tensors:
            dist.broadcast(tensor.detach(), 0)


def sum_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by its sum over the processes; one that is missing counts as zero."""
    trained = [p for p in parameters if p.requires_grad]
    if not dist.is_initialized() or not trained:
        return
    for parameter in trained:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([p.grad.flatten() for p in trained if p.grad is not None])
    dist.all_reduce(flat)
    for parameter, part in zip(trained, flat.split([p.numel() for p in trained]), strict=True):
        parameter.grad = part.view_as(parameter)


def total(*values: float) -> list[float]:
    """The sum of each number over the processes."""
    if not dist.is_initialized():
        return list(values)
    numbers = torch.tensor(values, dtype=torch.float64, device=_device())
    dist.all_reduce(numbers)
    return [float(number) for number in numbers]


def from_first(*values: float) -> list[float]:
    """The first process's numbers, in every process."""
    if not dist.is_initialized():
        return list(values)
    numbers = torch.tensor(values, dtype=torch.float64, device=_device())
    dist.broadcast(numbers, 0)
    return [float(number) for number in numbers]


def gather(items: Sequence[Item], count: int) -> list[Item]:
    """Put together what every process made of its share() of count items, in their order."""
    if not dist.is_initialized():
        return list(items)
    parts: list[Any] = [None] * world()
    dist.all_gather_object(parts, list(items))
    return [parts[index % world()][index // world()] for index in range(count)]


def wait() -> None:
    """Wait until every process is here."""
    if dist.is_initialized():
        dist.barrier()


def _device() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"
