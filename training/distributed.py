"""Several processes that train one model: torchrun starts them, each does a share of every step.

On a busy CPU two processes of one thread are much faster than one process of two: they wait for
each other once per step and not at every operation.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

Item = TypeVar("Item")


def join() -> None:
    """Join the other processes if torchrun started this one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        dist.init_process_group("gloo")


def leave() -> None:
    """Part from the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


def world() -> int:
    """Number of processes."""
    return int(dist.get_world_size()) if dist.is_initialized() else 1


def is_first() -> bool:
    """True in the process that logs, evaluates and saves."""
    return not dist.is_initialized() or dist.get_rank() == 0


def share(items: Sequence[Item]) -> Sequence[Item]:
    """This process's part of the items."""
    return items[dist.get_rank() :: world()] if dist.is_initialized() else items


def sum_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by its sum over the processes."""
    if not dist.is_initialized():
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def total(value: float) -> float:
    """Sum of a number over the processes."""
    if not dist.is_initialized():
        return value
    number = torch.tensor([value], dtype=torch.float64)
    dist.all_reduce(number)
    return float(number)


def from_first(*values: float) -> list[float]:
    """The first process's numbers, in every process."""
    if not dist.is_initialized():
        return list(values)
    numbers = torch.tensor(values, dtype=torch.float64)
    dist.broadcast(numbers, 0)
    return [float(number) for number in numbers]


def wait() -> None:
    """Wait until every process is here."""
    if dist.is_initialized():
        dist.barrier()
