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
from training.loop.batch import Method
from training.loop.checkpoint import Progress
from training.loop.config import LoopConfig
from training.loop.cost import flops_per_token
from training.loop.gradients import gradients, seed
from training.loop.log import RunLog
from training.loop.optimizers import Optimizers, make_optimizers
from training.loop.schedule import rate_factor, share_done, share_of_step
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
    place = device.pick()
    if config.mixed and not device.mixes(place, mixed=True) and distributed.is_first():
        print(
            "This GPU has no bf16 (NVIDIA's have since Ampere): products are in fp32.", flush=True
        )
    model.to(place)
    distributed.same(p for p in model.parameters() if p.requires_grad)
    if config.checkpointing:
        backbone(model).activation_checkpointing_enable({"use_reentrant": False})
        # Else transformers makes frozen layers under the lowest trained one part of the graph.
        backbone(model).disable_input_require_grads()
    if config.shard and distributed.world() > 1 and not sharding.is_sharded(model):
        sharding.shard(model)
    if config.compile:
        backbone(model).compile()
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
        self.optimizers, self.state, self.begun = optimizers, state, state.step
        self.steps = total_steps(method, config)
        self.sharded = sharding.is_sharded(method.model)
        self.device = device.pick()
        self.flops = flops_per_token(method.model) / distributed.world()
        self.peak = device.peak_flops(self.device, config.mixed, torch.get_num_threads())
        self.log: RunLog | None = None
        if distributed.is_first():
            settings = asdict(config)
            self.log = RunLog(
                folder, state.step, config.log_steps, config.trackers, settings, state.log
            )
            if state.step:
                done = "; it is at its end, nothing is left to train" if self.over() else ""
                self.log.say(f"Goes on from step {state.step}{done}")

    def close(self) -> None:
        if self.log is not None:
            self.log.close()

    def done(self) -> float:
        return share_done(self.state.step, self.steps, self.state.seconds, self.config.minutes)

    def over(self) -> bool:
        return self.done() >= 1 or 0 < self.config.patience <= self.state.since_best

    def until_the_end(self) -> Outcome:
        config, clock, saved = self.config, time.monotonic(), time.monotonic()
        first = float(distributed.is_first())
        stop = False
        with _stop_signal() as asked:
            while not (stop or self.over()):
                self._step()
                now = time.monotonic()
                # The first process's clock counts for all, a stop asked of any one as well.
                late = now - saved >= 60 * config.save_minutes
                seconds, stops, due = distributed.total(
                    first * (now - clock), asked(), first * late
                )
                clock, stop = now, stops > 0
                self.state = replace(self.state, seconds=self.state.seconds + seconds)
                if config.evaluate_steps and self.state.step % config.evaluate_steps == 0:
                    self._evaluate()
                if due:
                    self._save()
                    saved = time.monotonic()
            finished = self.over()
            if finished and self.state.scored != self.state.step:
                self._evaluate()
            path = self._save()
        best = checkpoint.best(self.folder)
        if finished and config.patience and best is not None:
            checkpoint.load(best, self.method.model)
        if self.log is not None:
            self.log.say(f"{'Reached the end' if finished else 'Stopped'}; saved {path}")
        distributed.wait()
        return Outcome(finished, self.state.step, dict(self.state.scores))

    def _step(self) -> None:
        config, state, started = self.config, self.state, time.monotonic()
        seed(config.seed, state.step, -1)
        step = self.method.next_step(self.done())
        count, world = len(step.batches), distributed.world()
        if self.log is not None and count < world and state.step == self.begun:
            self.log.say(
                f"A step has {count} of the {world} batches that would keep all processes busy: "
                "raise loop.accumulate, or lower loop.rows."
            )
        figures = gradients(self.method, config, step, state.step)
        norm = self._clip()
        if not math.isfinite(figures["loss"] + norm):
            raise KnownError(
                f"The loss is no number any more at step {state.step + 1}.",
                "Lower loop.learning_rate; the last checkpoint is still good.",
            )
        share = share_of_step(state.step, self.steps, state.seconds, config.minutes)
        factor = rate_factor(self.done(), share, config.warmup, config.decay)
        self.optimizers.step(factor)
        tokens = sum(batch.tokens for batch in step.batches)
        self.state = replace(
            state, step=state.step + 1, tokens=state.tokens + tokens, data=self.method.state()
        )
        if self.log is not None:
            shown = {**figures, **step.figures, "norm": norm, "rate": config.learning_rate * factor}
            seconds = max(1e-9, time.monotonic() - started)
            budget = 60 * config.minutes if config.minutes else math.inf
            self.log.step(
                self.state.step,
                tokens,
                seconds,
                shown,
                self.flops * tokens / self.peak,
                (self.steps - self.state.step, budget - state.seconds - seconds),
            )

    def _clip(self) -> float:
        """Shorten the gradient to config.clip; its norm before that, over all processes."""
        grads = [p.grad for p in self.method.model.parameters() if p.grad is not None]
        norms = (nn.utils.get_total_norm(part) for part in sharding.split(grads) if part)
        norm = math.hypot(*(float(sharding.whole(part)) for part in norms))
        if norm > self.config.clip:
            for grad in grads:
                grad.mul_(self.config.clip / norm)
        return norm

    def _evaluate(self) -> None:
        model = self.method.model
        model.eval()
        with torch.no_grad(), device.precision(self.device, self.config.mixed):
            scores = self.method.evaluate()
        model.train()
        self.state = replace(self.state, scores=scores, scored=self.state.step)
        if not scores:
            return
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

    def _save(self) -> Path:
        state = replace(self.state, log=self.log.state()) if self.log is not None else self.state
        return checkpoint.save(
            self.folder, self.method.model, self.optimizers, state, self.config.keep
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
