"""The one training loop, for pretraining and instruction tuning alike.

fp32 master weights, bf16 matrix products, weighted tokens, clipped gradients, exact resume.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from transformers import Qwen3ForCausalLM

from training import checkpoint, distributed
from training.batch import Batch, Stream
from training.checkpoint import Progress
from training.metrics import RunLog
from training.objectives.cross_entropy import chunked_cross_entropy
from training.optimizers import make_optimizers
from training.schedule import decaying, progress, rate_factor

Evaluate = Callable[[Qwen3ForCausalLM], dict[str, float]]


@dataclass(frozen=True)
class TrainConfig:
    """One training stage; the fields are keys of its table in a recipe."""

    total_tokens: int = 0
    minutes: float = 0.0  # time budget; the run then ends with it at the latest; 0 = none
    rows: int = 16  # sequences per forward pass
    accumulate: int = 1  # forward passes per step
    optimizer: str = "muon"
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    warmup_tokens: int = 0
    decay_share: float = 0.2
    clip: float = 1.0
    seed: int = 1
    threads: int = 2
    compile: bool = False  # faster by about a tenth after a minute; needs a C++ compiler
    log_steps: int = 10
    evaluate_tokens: int = 2_000_000
    checkpoint_minutes: float = 5.0
    keep: int = 2


def train(
    model: Qwen3ForCausalLM,
    stream: Stream,
    config: TrainConfig,
    folder: Path,
    *,
    resume: Path | None = None,
    evaluate: Evaluate | None = None,
    until: float = 1.0,
) -> bool:
    """Train until the share `until` of the run is done, or until SIGTERM or Ctrl-C.

    folder receives checkpoints (step-N), metrics.jsonl and, when the decay begins, a checkpoint
    under stable/ from which a longer run can go on. resume: checkpoint to continue exactly; the
    model must already hold its weights. Whatever ends the training, a checkpoint is written.
    Returns False if it was stopped by a signal.
    """
    if config.total_tokens <= 0:
        raise ValueError("total_tokens says how long to train; it must be positive.")
    if config.accumulate % distributed.world():
        raise ValueError("accumulate must be a multiple of the number of processes.")
    torch.set_num_threads(config.threads)
    optimizers = make_optimizers(model, config.optimizer, config.learning_rate, config.weight_decay)
    state = Progress(stream=tuple(stream.state()))
    if resume is not None:
        state = checkpoint.restore(resume, optimizers)
        stream.restore(list(state.stream))
    log = RunLog(folder, config.log_steps, config.total_tokens, config.minutes)
    model.train()
    forward = torch.compile(model.model, dynamic=False) if config.compile else model.model
    clock = time.monotonic()
    saved_at, evaluated_tokens = clock, state.tokens
    stable_saved = decaying(share_done(state, config), config.decay_share)
    first, stop = distributed.is_first(), 0.0
    with _stop_signal() as stopped:
        while (done := share_done(state, config)) < until and not stop:
            if first and not stable_saved and decaying(done, config.decay_share):
                stable_saved = True
                checkpoint.save(folder / "stable", model, optimizers, state, keep=1)
            batches = [stream.next_batch(config.rows) for _ in range(config.accumulate)]
            factor = rate_factor(done, state.tokens, config.warmup_tokens, config.decay_share)
            loss, norm = _backward(model, forward, batches, config.clip)
            optimizers.step(factor)
            tokens = state.tokens + sum(batch.inputs.numel() for batch in batches)
            now = time.monotonic()
            seconds, clock = state.seconds + now - clock, now
            seconds, stop = distributed.from_first(seconds, float(stopped()))
            state = Progress(state.step + 1, tokens, seconds, tuple(stream.state()))
            if not first:
                continue
            log.step(state, loss, norm, config.learning_rate * factor)
            if evaluate is not None and tokens - evaluated_tokens >= config.evaluate_tokens:
                evaluated_tokens = tokens
                log.scores(state, evaluate(model))
            if now - saved_at >= 60 * config.checkpoint_minutes:
                checkpoint.save(folder, model, optimizers, state, config.keep)
                saved_at = time.monotonic()
    reached = share_done(state, config) >= until
    if first:
        if reached and evaluate is not None:
            log.scores(state, evaluate(model))
        path = checkpoint.save(folder, model, optimizers, state, config.keep)
        log.say(f"{'Reached the end' if reached else 'Stopped'}; saved {path}")
    distributed.wait()
    return reached


def share_done(state: Progress, config: TrainConfig) -> float:
    """Share of the run that is done."""
    return progress(state.tokens, config.total_tokens, state.seconds, config.minutes)


def _backward(
    model: Qwen3ForCausalLM, forward: Callable[..., Any], batches: list[Batch], clip: float
) -> tuple[float, float]:
    """Loss and gradient norm of one step; the clipped gradients are left in the parameters.

    Every token counts by its weight, however the tokens are spread over the batches.
    """
    whole = max(1e-9, sum(float(batch.weights.sum()) for batch in batches))
    loss = 0.0
    for batch in distributed.share(batches):
        with torch.autocast("cpu", torch.bfloat16):
            hidden = forward(input_ids=batch.inputs, use_cache=False).last_hidden_state
        part = chunked_cross_entropy(
            hidden.flatten(0, 1).bfloat16(),
            model.lm_head.weight,
            batch.targets.flatten(),
            batch.weights.flatten(),
        )
        part = part / whole
        part.backward()
        loss += part.item()
    distributed.sum_gradients(model.parameters())
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    return distributed.total(loss), norm.item()


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
