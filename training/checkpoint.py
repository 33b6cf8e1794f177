"""Checkpoints that resume bit for bit: safetensors and JSON only, written all or nothing.

A checkpoint is a folder step-N. It is written under another name, synced, then renamed, so a
folder of that name is always complete. Its model files load with transformers as they are.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen3ForCausalLM

from training.optimizers import Optimizers

STATE = "state.json"
OPTIMIZER = "optimizer.safetensors"
_RANDOM = "random:torch"


@dataclass(frozen=True)
class Progress:
    """Where a run stands: steps and tokens done, training seconds, and the place in the data."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    stream: tuple[int, ...] = ()


def save(
    folder: Path, model: Qwen3ForCausalLM, optimizers: Optimizers, progress: Progress, keep: int
) -> Path:
    """Write step-N below folder and delete older ones until only keep are left."""
    target = folder / f"step-{progress.step:07d}"
    if target.exists():
        return target
    temporary = folder / "unfinished"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.save_pretrained(temporary)
    tensors = {name: value.contiguous() for name, value in optimizers.tensors().items()}
    tensors[_RANDOM] = torch.get_rng_state()
    save_file(tensors, temporary / OPTIMIZER)
    (temporary / STATE).write_text(json.dumps(asdict(progress), indent=1))
    for path in (*temporary.iterdir(), temporary):
        _sync(path)
    os.replace(temporary, target)
    _sync(folder)
    for old in finished(folder)[:-keep]:
        shutil.rmtree(old)
    return target


def finished(folder: Path) -> list[Path]:
    """All complete checkpoints below folder, oldest first."""
    return sorted(folder.glob("step-*"))


def load_weights(checkpoint: Path) -> Qwen3ForCausalLM:
    """The model of a checkpoint, or of any transformers folder, with fp32 weights."""
    model: Qwen3ForCausalLM = Qwen3ForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    model.config.use_cache = False
    return model


def read_progress(checkpoint: Path) -> Progress:
    """Where a checkpoint stands."""
    state = json.loads((checkpoint / STATE).read_text())
    return Progress(state["step"], state["tokens"], state["seconds"], tuple(state["stream"]))


def restore(checkpoint: Path, optimizers: Optimizers) -> Progress:
    """Restore optimizer and random state of a checkpoint and return where it stood."""
    tensors = load_file(checkpoint / OPTIMIZER)
    torch.set_rng_state(tensors.pop(_RANDOM))
    optimizers.restore(tensors)
    return read_progress(checkpoint)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
