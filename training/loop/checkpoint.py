"""Checkpoints that resume bit for bit: safetensors and JSON only, written all or nothing.

A checkpoint is a folder step-N. It is written under another name, synced, then renamed, so a
folder of that name is always complete. model.safetensors holds the trained weights in fp32; with
the config.json beside it transformers loads the folder as it is where all weights are trained.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.core.errors import KnownError
from training.loop import distributed, sharding
from training.loop.optimizers import Optimizers

STATE, WEIGHTS, OPTIMIZER, BEST = "state.json", "model.safetensors", "optimizer.safetensors", "best"


@dataclass(frozen=True)
class Progress:
    """Where a run stands: steps, tokens and training seconds done, the place in the data, the
    figures of the log since its last line, the last evaluation and its step, the best held-out
    figure so far and the evaluations since."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    data: dict[str, Any] = field(default_factory=dict)
    log: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    scored: int = -1
    best: float | None = None
    since_best: int = 0


def save(
    folder: Path, model: nn.Module, optimizers: Optimizers, progress: Progress, keep: int
) -> Path:
    """Write step-N below folder and delete older ones until only keep are left.

    Every process must call it; the first one writes. Raises KnownError if the disk is full.
    """
    target = folder / f"step-{progress.step:07d}"
    weights, state = sharding.gathered(trained(model)), sharding.gathered(optimizers.tensors())
    if not distributed.is_first() or target.exists():
        return target
    with _whole(target) as unfinished:
        _write_weights(unfinished, model, weights)
        save_file(state, unfinished / OPTIMIZER)
        (unfinished / STATE).write_text(json.dumps(asdict(progress), indent=1))
    for old in finished(folder)[:-keep]:
        shutil.rmtree(old)
    return target


def save_best(folder: Path, model: nn.Module) -> None:
    """Keep the weights of the best evaluation so far under best/."""
    weights = sharding.gathered(trained(model))
    if distributed.is_first():
        with _whole(folder / BEST) as unfinished:
            _write_weights(unfinished, model, weights)


def best(folder: Path) -> Path | None:
    """The weights that save_best() kept, those before if it was killed while it replaced them."""
    places = (folder / BEST, folder / f"former-{BEST}")
    return next((place for place in places if place.exists()), None)


def finished(folder: Path) -> list[Path]:
    """All complete checkpoints below folder, oldest first."""
    return sorted(folder.glob("step-*"))


def trained(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that are trained, by name; tied ones once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def load(checkpoint: Path, model: nn.Module) -> None:
    """Put the trained weights of a checkpoint into the model.

    Raises ValueError if they are those of another model.
    """
    saved, wanted = _read(checkpoint / WEIGHTS), trained(model)
    if saved.keys() != wanted.keys() or any(saved[n].shape != p.shape for n, p in wanted.items()):
        raise ValueError(f"{checkpoint} belongs to another model or adapter; use another folder.")
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(sharding.like(saved[name], parameter))


def read_progress(checkpoint: Path) -> Progress:
    """Where a checkpoint stands."""
    return Progress(**json.loads((checkpoint / STATE).read_text()))


def restore(checkpoint: Path, model: nn.Module, optimizers: Optimizers) -> Progress:
    """Restore weights and optimizer of a checkpoint and return where it stood."""
    load(checkpoint, model)
    optimizers.restore(_read(checkpoint / OPTIMIZER))
    return read_progress(checkpoint)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise KnownError(
            f"{path} is damaged: {error}.",
            f"Delete {path.parent}; the same command goes on from what was kept before it.",
        ) from error


def _write_weights(folder: Path, model: nn.Module, weights: dict[str, Tensor]) -> None:
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    config = getattr(model, "config", None)
    if config is not None:
        config.save_pretrained(folder)
    for adapter in getattr(model, "peft_config", {}).values():  # says whose adapter it is
        adapter.save_pretrained(folder)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder that gets its name only when the block has ended without an error."""
    for leftover in target.parent.glob("unfinished-*"):
        shutil.rmtree(leftover)
    temporary = target.with_name(f"unfinished-{target.name}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        for path in (*temporary.iterdir(), temporary):
            _sync(path)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise KnownError(
            f"The checkpoint {target} could not be written: {error}.",
            "Make room; the same command goes on from the last checkpoint.",
        ) from error
    former = target.with_name(f"former-{target.name}")
    if target.exists():  # there is always one of the two
        shutil.rmtree(former, ignore_errors=True)
        os.replace(target, former)
    os.replace(temporary, target)
    _sync(target.parent)
    shutil.rmtree(former, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows syncs files only
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
