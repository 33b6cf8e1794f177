"""One run: steps until the end, a stop or a budget, with checkpoints, evaluation and a log."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

import torch
from torch import nn

from engine.core.errors import KnownError
from training.loop import checkpoint, device, distributed, sharding
from training.loop.batch import Method, Step
from training.loop.checkpoint import Progress
from training.loop.config import LoopConfig
from training.loop.log import RunLog
from training.loop.optimizers import Optimizers, make_optimizers
from training.loop.schedule import rate_factor, share_done
from training.models.parts import backbone


@dataclass(frozen=True)
class Outcome:
    """How a run ended: whether it reached its end, at which step, its last held-out figures."""

    finished: bool
    step: int
    scores: dict[str, float]


def train(method: Method, config: LoopConfig, folder: Path) -> Outcome:
    """Train method.model until the run is done, Ctrl-C or SIGTERM.

    folder receives checkpoints (step-N), the best weights (best/, with patience) and
    metrics.jsonl; where it holds a checkpoint, the run goes on from there. Whatever ends the
    run but an error, a checkpoint is written. Raises KnownError if the loss is no number, and
    ValueError if the checkpoint belongs to another model.
    """
    prepare(method.model, config)
    optimizers = make_optimizers(
        method.model, config.optimizer, config.learning_rate, config.weight_decay
    )
    newest = max(checkpoint.finished(folder), default=None)
    state = Progress(data=method.state())
    if newest is not None:
        state = checkpoint.restore(newest, method.model, optimizers)
        method.restore(state.data)
    run = _Run(method, config, folder, optimizers, state)
    try:
        return run.until_the_end()
    finally:
        run.close()


def total_steps(method: Method, config: LoopConfig) -> int:
    """Optimizer steps of the whole run; ValueError if nothing says how many."""
    steps = config.steps or math.ceil(config.epochs * method.epoch_steps)
    if steps <= 0:
        raise ValueError("loop.steps says how long to train; it must be above 0.")
    return steps


def prepare(model: nn.Module, config: LoopConfig) -> None:
    """Put the model on its device and switch on what the configuration asks for."""
    if config.threads:
        torch.set_num_threads(config.threads)
    model.to(device.pick())
    if config.checkpointing:
        backbone(model).activation_checkpointing_enable()
        # Else transformers makes frozen layers under the lowest trained one part of the graph.
        backbone(model).disable_input_require_grads()
    if config.shard and distributed.world() > 1 and not sharding.is_sharded(model):
        sharding.shard(model)
    if config.compile:
        backbone(model).compile(dynamic=False)
    model.train()


class _Run:
    """The state of a run between two steps."""

    def __init__(
        self,
        method: Method,
        config: LoopConfig,
        folder: Path,
        optimizers: Optimizers,
        state: Progress,
    ) -> None:
        self.method, self.config, self.folder = method, config, folder
        self.optimizers, self.state = optimizers, state
        self.steps = total_steps(method, config)
        self.sharded = sharding.is_sharded(method.model)
        self.device = device.pick()
        self.size = sum(p.numel() for p in method.model.parameters())
        self.peak = device.peak_flops(self.device, config.mixed, torch.get_num_threads())
        self.log: RunLog | None = None
        if distributed.is_first():
            self.log = RunLog(folder, state.step, config.log_steps, config.trackers, asdict(config))

    def close(self) -> None:
        if self.log is not None:
            self.log.close()

    def done(self) -> float:
        return share_done(self.state.step, self.steps, self.state.seconds, self.config.minutes)

    def until_the_end(self) -> Outcome:
        config, clock, saved = self.config, time.monotonic(), time.monotonic()
        scores: dict[str, float] = {}
        stop = evaluated = False
        with _stop_signal() as asked:
            while self.done() < 1 and not stop and not self._patience_over():
                self._step()
                now = time.monotonic()
                seconds, asked_now, due = distributed.from_first(
                    self.state.seconds + now - clock,
                    float(asked()),
                    float(now - saved >= 60 * config.save_minutes),
                )
                clock, stop = now, bool(asked_now)
                self.state = replace(self.state, seconds=seconds)
                evaluated = bool(
                    config.evaluate_steps and self.state.step % config.evaluate_steps == 0
                )
                if evaluated:
                    scores = self._evaluate()
                if due:
                    self._save()
                    saved = time.monotonic()
            finished = self.done() >= 1 or self._patience_over()
            if finished and not evaluated:
                scores = self._evaluate()
            path = self._save()
        if finished and config.patience and (self.folder / checkpoint.BEST).exists():
            checkpoint.load(self.folder / checkpoint.BEST, self.method.model)
        if self.log is not None:
            self.log.say(f"{'Reached the end' if finished else 'Stopped'}; saved {path}")
        distributed.wait()
        return Outcome(finished, self.state.step, scores)

    def _step(self) -> None:
        # Dropout depends on the step and the process only, so a resumed run repeats it.
        torch.manual_seed(hash((self.config.seed, self.state.step, distributed.rank())))
        step = self.method.next_step(self.done())
        figures = self._backward(step)
        norm = self._clip()
        if not math.isfinite(figures["loss"] + norm):
            raise KnownError(
                f"The loss is no number any more at step {self.state.step + 1}.",
                "Lower loop.learning_rate; the last checkpoint is still good.",
            )
        share = 1 / self.steps
        factor = rate_factor(self.done(), share, self.config.warmup, self.config.decay)
        self.optimizers.step(factor)
        tokens = sum(batch.tokens for batch in step.batches)
        self.state = replace(
            self.state,
            step=self.state.step + 1,
            tokens=self.state.tokens + tokens,
            data=self.method.state(),
        )
        if self.log is not None:
            shown = {**figures, **step.figures, "norm": norm}
            shown["rate"] = self.config.learning_rate * factor
            # 6 FLOP per weight and token: two forward, four backward (Kaplan et al., 2020).
            flops = 6 * self.size * tokens / self.peak / distributed.world()
            left = self.steps - self.state.step
            self.log.step(self.state.step, tokens, shown, left, flops)

    def _backward(self, step: Step) -> dict[str, float]:
        """The mean loss and figures of a step; its gradients are left in the parameters.

        Every token counts by its weight, however the tokens are spread over the batches.
        """
        whole = max(1e-9, sum(batch.whole for batch in step.batches))
        mine = list(distributed.share(step.batches))
        if not mine or (self.sharded and len(mine) < -(-len(step.batches) // distributed.world())):
            mine.append(step.batches[0].empty())  # sharded processes compute in lockstep
        sums: dict[str, float] = {"loss": 0.0}
        for batch in mine:
            with device.precision(self.device, self.config.mixed):
                loss = self.method.loss(batch.to(self.device))
            (loss.sum / whole).backward()
            sums["loss"] += loss.sum.item()
            for name, value in loss.figures.items():
                sums[name] = sums.get(name, 0.0) + float(value)
        if not self.sharded:
            distributed.sum_gradients(self.method.model.parameters())
        return {
            name: value / whole
            for name, value in zip(sums, distributed.total(*sums.values()), strict=True)
        }

    def _clip(self) -> float:
        trained = [p for p in self.method.model.parameters() if p.requires_grad]
        norm = torch.nn.utils.clip_grad_norm_(trained, self.config.clip)
        return float(sharding.whole(norm))

    def _evaluate(self) -> dict[str, float]:
        model = self.method.model
        model.eval()
        with torch.no_grad(), device.precision(self.device, self.config.mixed):
            scores = self.method.evaluate()
        model.train()
        if not scores:
            return scores
        if self.log is not None:
            self.log.scores(self.state.step, scores)
        (watched,) = distributed.from_first(next(iter(scores.values())))
        best = self.state.best
        if math.isfinite(watched) and (best is None or watched < best):
            self.state = replace(self.state, best=watched, since_best=0)
            if self.config.patience:
                checkpoint.save_best(self.folder, model)
        else:
            self.state = replace(self.state, since_best=self.state.since_best + 1)
        return scores

    def _patience_over(self) -> bool:
        return 0 < self.config.patience <= self.state.since_best

    def _save(self) -> Path:
        return checkpoint.save(
            self.folder, self.method.model, self.optimizers, self.state, self.config.keep
        )


@contextmanager
def _stop_signal() -> Iterator[Callable[[], bool]]:
    """Within the context SIGTERM and SIGINT only ask to stop after the current step."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
