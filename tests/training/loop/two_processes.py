"""Run by torchrun in two processes: every way to train, each into a folder of its own.

Arguments: the folder, below which one process has begun the runs "resumed" and "resumed_sharded";
the command of a real method.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from toy_method import CONFIG, Toy, interrupt_at, toy_model

from training import cli
from training.loop import distributed
from training.loop.config import LoopConfig
from training.loop.trainer import train
from training.models.loading import publish

SHARD = replace(CONFIG, shard=True)
RUNS: dict[str, tuple[dict[str, Any], LoopConfig]] = {
    "plain": ({}, replace(CONFIG, accumulate=3)),  # one process has two batches, the other one
    "dropout": ({"adapter": "lora", "dropout": 0.3}, CONFIG),
    "sharded": ({}, replace(SHARD, accumulate=3, clip=0.5)),
    "sharded_untied": ({"tied": False}, replace(SHARD, checkpointing=True)),
    "sharded_lora": ({"adapter": "lora"}, SHARD),
    "sharded_muon": ({}, replace(SHARD, optimizer="muon", steps=3)),
    "resumed": ({}, CONFIG),
    "resumed_sharded": ({}, SHARD),
}
PUBLISHED = ("plain", "sharded", "sharded_untied")


def main(folder: Path, command: list[str]) -> None:
    distributed.join()
    second = distributed.rank() == 1
    for name, (made, config) in RUNS.items():
        method = Toy(toy_model(**made), config)
        if name == "plain" and second:
            torch.nn.init.zeros_(next(method.model.parameters()))  # the first one's values count
        assert train(method, config, folder / name).finished
        if name in PUBLISHED:
            publish(method.model, folder, folder / name / "model", torch.float32)
    # A signal to any of the processes stops all of them.
    stops = Toy(toy_model(), SHARD, before=interrupt_at(2) if second else lambda step: None)
    assert not train(stops, SHARD, folder / "halted").finished
    assert cli.main([*command, "--out", str(folder / "sft")]) == 0  # and parts from the others


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
