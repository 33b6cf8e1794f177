"""A method on random tokens with uneven weights, for the tests of the loop."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.data.mixing import Mixture
from training.loop import checkpoint
from training.loop.batch import Batch, Loss, Step
from training.loop.config import LoopConfig
from training.models.adapters import AdapterConfig, with_adapter
from training.models.shapes import Shape, build
from training.objectives.cross_entropy import next_token_loss

VOCABULARY = 300
SHAPE = Shape(64, 2, 128, 2, 1, head_dim=32, context=64)
CONFIG = LoopConfig(
    steps=6, rows=2, accumulate=2, learning_rate=1e-2, warmup=0.3, decay=0.5, threads=1,
    log_steps=1, keep=9, mixed=False,
)  # fmt: skip
PRIVATE = {"time", "tok_s", "eta_s", "mfu"}  # figures that depend on the clock


def toy_model(adapter: str = "none", *, tied: bool = True, dropout: float = 0.0) -> Any:
    """A model of two layers whose layers are not the identity; the same at every call."""
    model = build(SHAPE, VOCABULARY, seed=1)
    torch.manual_seed(2)
    for name, parameter in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            nn.init.normal_(parameter, std=0.05)
    if not tied:
        model.lm_head.weight = nn.Parameter(model.lm_head.weight.detach().clone())
        model.config.tie_word_embeddings = False
    torch.manual_seed(3)
    return with_adapter(model, AdapterConfig(kind=adapter, rank=4, dropout=dropout))


class Toy:
    """Windows of three small groups; the loss of a token counts 0, 1 or 2 times."""

    def __init__(
        self,
        model: nn.Module,
        config: LoopConfig,
        *,
        before: Callable[[int], None] = lambda step: None,
        scores: list[float] | None = None,
    ) -> None:
        """before: called with the number of each step, from 0; scores: of the evaluations."""
        tokens = np.random.default_rng(0).integers(0, VOCABULARY, 1500).astype(np.uint16)
        self.model, self._config, self._before = model, config, before
        self._mixture = Mixture([tokens[:400], tokens[400:900], tokens[900:]], [3, 2, 1], seed=4)
        self._step, self._scores = 0, scores or []
        self.epoch_steps = 0
        self.seen: list[list[int]] = []

    def next_step(self, done: float) -> Step:
        self._before(self._step)
        self._step += 1
        batches = []
        for _ in range(self._config.accumulate):
            batch = self._mixture.next_batch(self._config.rows, 16)
            weights = (batch.targets % 3).float()
            batches.append(Batch(batch.inputs, batch.targets, weights))
            self.seen.append(batch.inputs.flatten().tolist())
        return Step(batches, {"made": float(self._step)})

    def loss(self, batch: Batch) -> Loss:
        return Loss(next_token_loss(self.model, batch), {"heavy": float((batch.weights > 1).sum())})

    def evaluate(self) -> dict[str, float]:
        return {"score": self._scores[self._step - 1]} if self._scores else {}

    def state(self) -> dict[str, Any]:
        return {"drawn": self._mixture.state(), "step": self._step}

    def restore(self, state: dict[str, Any]) -> None:
        self._mixture.restore(state["drawn"])
        self._step = state["step"]


def interrupt_at(step: int, number: int = signal.SIGINT) -> Callable[[int], None]:
    """Send this process a signal when a step begins."""
    return lambda now: os.kill(os.getpid(), number) if now == step else None


def result(folder: Path) -> dict[str, torch.Tensor]:
    """Weights and optimizer state of the newest checkpoint."""
    newest = max(checkpoint.finished(folder))
    weights = checkpoint.load_file(newest / checkpoint.WEIGHTS)
    return weights | checkpoint.load_file(newest / checkpoint.OPTIMIZER)


def differing(a: Path, b: Path, tolerance: float = 0.0) -> list[str]:
    """Names of the tensors of two runs that differ by more than tolerance × the largest entry."""
    first, second = result(a), result(b)
    assert first.keys() == second.keys()
    return [
        name
        for name, value in first.items()
        if not float((value - second[name]).abs().max()) <= tolerance * float(value.abs().max())
    ]
