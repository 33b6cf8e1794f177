"""What a run will need, before its first step: memory by part, a dry run, tokens/s and time."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import torch
from torch import Tensor, nn

from training.loop import device, distributed
from training.loop.batch import Batch, Method, Step
from training.loop.config import LoopConfig
from training.loop.gradients import gradients
from training.loop.sharding import held_bytes
from training.loop.trainer import prepare, total_steps
from training.models.parts import head, hidden_states, layers
from training.objectives.cross_entropy import ROWS

# Bytes of state per weight in fp32: AdamW keeps two averages, Muon one.
_STATE = {"adamw": 8, "muon": 4}
_STEPS, _SECONDS = 64, 20.0  # how long to look for the longest batch


@dataclass(frozen=True)
class Drawn:
    """The longest batch of the steps looked at; positions and seconds of making, per step."""

    longest: Batch
    positions: float
    seconds: float


def show(method: Method, config: LoopConfig) -> None:
    """Print the plan of a run: estimates, then one step of the longest batch without an update."""
    prepare(method.model, config)
    place = device.pick()
    held = device.held_memory(place)
    room = held + device.free_memory(place)
    drawn = draw(method)
    parts = estimate(method.model, config, drawn.longest, held)
    sampled = method.cache_bytes() if hasattr(method, "cache_bytes") else 0
    if sampled:
        parts["keys and values of answers, before activations"] = sampled
    need = sum(parts.values()) - min(sampled, parts["activations"])
    rows = [(name, _size(size)) for name, size in parts.items()]
    rows += [("together", _size(need)), ("this computer has", _size(room))]
    (fits,) = distributed.from_first(float(need <= room))
    if fits:
        peak, seconds = dry_run(method, config, drawn.longest)
        rows.append(("measured: a step of the longest batch", _size(peak)))
        need = max(need, peak + parts["optimizer"])
        rows += _time(config, total_steps(method, config), drawn, seconds)
    if distributed.is_first():
        _print(rows)
        if need > room:
            print("This does not fit. Fewer rows, checkpointing, an adapter or shard need less.")


def estimate(model: nn.Module, config: LoopConfig, batch: Batch, held: int) -> dict[str, int]:
    """Bytes by part at the height of a step. held: what the process holds now, weights included."""
    trained = [p for p in model.parameters() if p.requires_grad]
    weights = sum(held_bytes(p) for p in model.parameters())
    constant, per_token = activations(model, config)
    return {
        "weights": weights,
        "gradients": sum(held_bytes(p) for p in trained),
        "optimizer": sum(_state(model, config.optimizer)),
        "activations": round(constant + per_token * batch.inputs.numel()),
        "logits of one chunk": 8 * ROWS * head(model).shape[0],  # fp32, and bf16 twice
        "program, data and other models": max(0, held - weights),
    }


def activations(model: nn.Module, config: LoopConfig) -> tuple[float, float]:
    """Bytes kept for the backward pass: a constant (16-bit copies of weights), and per token.

    Measured on 64 and on 128 tokens by what autograd keeps. With activation checkpointing only
    the input of each of the L layers is kept, and one layer's share at a time.
    """
    model.eval()  # neither dropout nor checkpointing
    short, long = (_kept(model, length, config.mixed) for length in (64, 128))
    model.train()
    per_token = (long - short) / 64
    constant = max(0.0, short - 64 * per_token)
    if config.checkpointing:
        count, width = len(layers(model)), head(model).shape[1]
        per_token = per_token / count + 4 * count * width
    return constant, per_token


def draw(method: Method) -> Drawn:
    """Look at the first steps, and at some of the end of the run, whose batches may be longer."""
    state, steps, started, spent = method.state(), list[Step](), time.monotonic(), 0.0
    while len(steps) < _STEPS and spent < _SECONDS:
        at_the_end = len(steps) % 4 == 3
        steps.append(method.next_step(0.999 if at_the_end else 0.0))
        # One clock for all: what a step is made of may need every process.
        (spent,) = distributed.from_first(time.monotonic() - started)
    seconds = (time.monotonic() - started) / len(steps)
    method.restore(state)
    batches = [batch for step in steps for batch in step.batches]
    positions = sum(batch.inputs.numel() for batch in batches) / len(steps)
    return Drawn(max(batches, key=lambda batch: batch.inputs.numel()), positions, seconds)


def dry_run(method: Method, config: LoopConfig, batch: Batch) -> tuple[int, float]:
    """Peak bytes and seconds of the forward and backward pass of a batch; no weight changes."""
    place, step = device.pick(), Step([replace(batch, norm=None)] * distributed.world())
    device.reset_peak(place)
    seconds = math.inf
    for _ in range(2):  # the first one is slow
        started = time.monotonic()
        gradients(method, config, step, 0)
        seconds = min(seconds, time.monotonic() - started)
        method.model.zero_grad(set_to_none=True)
    return device.peak_memory(place), seconds


def _state(model: nn.Module, optimizer: str) -> Iterable[int]:
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            by_muon = optimizer == "muon" and ".layers." in name and parameter.ndim == 2
            yield held_bytes(parameter) // 4 * _STATE["muon" if by_muon else "adamw"]


def _kept(model: nn.Module, length: int, mixed: bool) -> int:
    place = device.pick()
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    ids = torch.arange(length, device=place)[None] % head(model).shape[0]
    with (
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        device.precision(place, mixed),
    ):
        states = hidden_states(model, ids, None)
    del states  # it holds what is counted alive until here
    return sum(kept.values())


def _time(config: LoopConfig, steps: int, drawn: Drawn, seconds: float) -> list[tuple[str, str]]:
    longest = drawn.longest.inputs.numel() * distributed.world()
    per_step = drawn.seconds + seconds * drawn.positions / longest
    whole = steps * per_step
    rows = [
        ("tokens per second", f"{drawn.positions / per_step:,.0f}"),
        (f"{steps:,} steps", str(timedelta(seconds=round(whole)))),
    ]
    if config.minutes:
        share = min(1.0, 60 * config.minutes / max(whole, 1e-9))
        rows.append((f"in {config.minutes:g} minutes", f"{share:.0%} of them"))
    return rows


def _print(rows: list[tuple[str, str]]) -> None:
    left, right = (max(len(row[side]) for row in rows) for side in (0, 1))
    for name, value in rows:
        print(f"{name:<{left}}  {value:>{right}}")


def _size(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
