"""The gradients of one step, however its batches are spread over processes."""

import torch

from training.loop import device, distributed, sharding
from training.loop.batch import Method, Step
from training.loop.config import LoopConfig


def seed(run: int, step: int, batch: int) -> None:
    """Make what is random depend on the run's seed, the step and the batch within it only, so that
    a resumed run and another number of processes drop out and sample alike; batch -1: its making.
    """
    torch.manual_seed(hash((run, step, batch)))


def gradients(method: Method, config: LoopConfig, step: Step, number: int) -> dict[str, float]:
    """The mean loss and figures of a step; its gradients are left in the parameters.

    Every token counts by its weight, however the tokens are spread over batches and processes.
    number: of the step, from 0.
    """
    parameters = list(method.model.parameters())
    sharded, plain = sharding.split(parameters)
    whole = max(1e-9, sum(batch.whole for batch in step.batches))
    mine = list(distributed.share(list(enumerate(step.batches))))
    # Sharded processes compute in lockstep; others need one batch to know the figures' names.
    rounds = -(-len(step.batches) // distributed.world()) if sharded else 1
    if len(mine) < rounds:
        mine.append((0, step.batches[0].empty()))
    place = device.pick()
    sums: dict[str, float] = {"loss": 0.0}
    for index, batch in mine:
        seed(config.seed, number, index)
        with device.precision(place, config.mixed):
            loss = method.loss(batch.to(place))
        (loss.sum / whole).backward()
        sums["loss"] += loss.sum.item()
        for name, value in loss.figures.items():
            sums[name] = sums.get(name, 0.0) + float(value)
    distributed.sum_gradients(plain)
    totals = distributed.total(*sums.values())
    return {name: value / whole for name, value in zip(sums, totals, strict=True)}
