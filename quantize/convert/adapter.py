"""Merges a LoRA adapter (https://arxiv.org/abs/2106.09685) in peft's format into the weights."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from quantize.convert.config import MAX_CONFIG, Config
from quantize.jsonfile import read_object
from quantize.numbers import Floats, encode
from quantize.weights import BLOCK, Weight, open_file

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
# Settings with which the sum is another one, or not all there is.
_VARIANTS = ("use_dora", "fan_in_fan_out", "alpha_pattern", "modules_to_save", "layer_replication")


@dataclass(frozen=True, slots=True)
class Merged(Weight):
    """A matrix W [rows, columns] as W + scale · up · down, with up [rows, r], down [r, columns]."""

    down: Floats
    up: Floats
    scale: float

    def blocks(self, count: int = BLOCK) -> Iterator[Floats]:
        """The numbers in order, whole rows of about `count` at a time. Raises KnownError."""
        columns = self.shape[1]
        row = 0
        for numbers in Weight.blocks(self, max(1, count // columns) * columns):
            part = numbers.reshape(-1, columns)
            change = self.up[row : row + len(part)] @ self.down
            row += len(part)
            yield (part + change * np.float32(self.scale)).astype(np.float32).reshape(-1)

    def encoded(self, kind: str) -> Iterator[bytes]:
        """The bytes of a tensor of a kind, which are never those on disk. Raises KnownError."""
        return (encode(numbers, kind) for numbers in self.blocks())


def merged(folder: Path, weights: dict[str, Weight]) -> dict[str, Weight]:
    """The model's weights that an adapter changes, as changed by it. Raises KnownError."""
    config = Config(read_object(folder / CONFIG, MAX_CONFIG), CONFIG)
    if config.text("peft_type", "") != "LORA":
        raise _unfit("is not LoRA")
    for name in _VARIANTS:
        if config.is_set(name):
            raise _unfit(f"uses {name}")
    if config.text("bias", "none") != "none":
        raise _unfit("changes biases")
    alpha = config.number("lora_alpha", 1e-6, 1e6)
    if not (folder / WEIGHTS).exists():
        raise KnownError(f"The adapter's folder has no {WEIGHTS}.", "Save it as safetensors.")
    parts = open_file(folder / WEIGHTS)
    result: dict[str, Weight] = {}
    for name, down in parts.items():
        if not name.startswith(_PREFIX) or not name.endswith((_DOWN, _UP)):
            raise _unfit(f"changes more than matrices of the layers: {name[:60]}")
        matrix = name.removeprefix(_PREFIX).removesuffix(_DOWN).removesuffix(_UP)
        weight, up = weights.get(f"{matrix}.weight"), parts.get(f"{_PREFIX}{matrix}{_UP}")
        if weight is None or up is None or f"{_PREFIX}{matrix}{_DOWN}" not in parts:
            raise _unfit(f"belongs to another model: {name[:60]}")
        if name.endswith(_DOWN):
            rank = down.shape[0] if down.shape else 0
            if not rank or (*up.shape, *down.shape) != (
                weight.shape[0],
                rank,
                rank,
                *weight.shape[1:],
            ):
                raise _unfit(f"belongs to another model: {name[:60]}")
            scale = alpha / (math.sqrt(rank) if config.flag("use_rslora", False) else rank)
            values = {one.name: getattr(weight, one.name) for one in fields(weight)}
            result[f"{matrix}.weight"] = Merged(
                **values, down=_whole(down), up=_whole(up), scale=scale
            )
    if not result:
        raise _unfit("is empty")
    return result


def _whole(weight: Weight) -> Floats:
    numbers = [*weight.blocks()] or [np.zeros(0, np.float32)]
    return np.concatenate(numbers).reshape(weight.shape)


def _unfit(detail: str) -> KnownError:
    return KnownError(
        f"The adapter cannot be merged: it {detail}.",
        "Plain LoRA adapters of this very model can be merged.",
    )
