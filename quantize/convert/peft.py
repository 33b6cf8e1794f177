"""Reads a LoRA adapter (https://arxiv.org/abs/2106.09685) in peft's format."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from quantize.convert.config import MAX_CONFIG, Config
from quantize.convert.folder import check_folder, require_folder
from quantize.jsonfile import read_object
from quantize.numbers import Floats
from quantize.weights import Weight, open_file

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
MAX_RANK = 4096
_FETCH_AGAIN = "Get the adapter's folder again, complete."
_PREFIX = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
# Settings with which the sum is another one, or not all there is.
_VARIANTS = (
    "use_dora",
    "fan_in_fan_out",
    "alpha_pattern",
    "modules_to_save",
    "layer_replication",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "use_bdlora",
)
# Ways to begin training, by name, that leave the model's own weights as they are (unlike PiSSA).
_PLAIN_STARTS = ("gaussian", "eva", "orthogonal")


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to a matrix [rows, columns]: scale · up · down, with up [rows, rank] and
    down [rank, columns]."""

    down: Floats
    up: Floats
    scale: float

    @property
    def rank(self) -> int:
        """How many rows `down` has."""
        return len(self.down)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter: its alpha, and by name of a matrix what is added to it."""

    alpha: float
    changes: dict[str, Change]


def read_adapter(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> Adapter:
    """Read the adapter in a folder; shapes: of the model's weights. Raises KnownError."""
    require_folder(folder, "Give the folder the adapter is in.")
    check_folder(folder)
    values = read_object(folder / CONFIG, MAX_CONFIG, "adapter", _FETCH_AGAIN)
    config = Config(values, CONFIG)
    if config.text("peft_type", "") != "LORA":
        raise unfit("is not LoRA")
    for name in _VARIANTS:
        if config.is_set(name):
            raise unfit(f"uses {name}")
    start = values.get("init_lora_weights")
    if isinstance(start, str) and start not in _PLAIN_STARTS:
        raise unfit(f"belongs to weights that {start[:20]} changed before training")
    if config.text("bias", "none") != "none":
        raise unfit("changes biases")
    alpha = config.number("lora_alpha", 1e-6, 1e6)
    if not (folder / WEIGHTS).exists():
        raise KnownError(f"The adapter's folder has no {WEIGHTS}.", "Save it as safetensors.")
    parts = open_file(folder / WEIGHTS)
    changes: dict[str, Change] = {}
    for name, down in parts.items():
        if not name.startswith(_PREFIX) or not name.endswith((_DOWN, _UP)):
            raise unfit(f"changes more than matrices of the layers: {name[:60]}")
        matrix = name.removeprefix(_PREFIX).removesuffix(_DOWN).removesuffix(_UP)
        shape, up = shapes.get(f"{matrix}.weight"), parts.get(f"{_PREFIX}{matrix}{_UP}")
        if shape is None or up is None or f"{_PREFIX}{matrix}{_DOWN}" not in parts:
            raise unfit(f"belongs to another model: {name[:60]}")
        if name.endswith(_DOWN):
            rank = down.shape[0] if down.shape else 0
            if not 1 <= rank <= MAX_RANK or (up.shape, down.shape) != (
                (*shape[:1], rank),
                (rank, *shape[1:]),
            ):
                raise unfit(f"belongs to another model: {name[:60]}")
            scale = alpha / (math.sqrt(rank) if config.flag("use_rslora", False) else rank)
            changes[f"{matrix}.weight"] = Change(_whole(down), _whole(up), scale)
    if not changes:
        raise unfit("is empty")
    return Adapter(alpha, changes)


def unfit(detail: str) -> KnownError:
    """The refusal of an adapter."""
    return KnownError(
        f"The adapter cannot be used: it {detail}.",
        "Plain LoRA adapters of this very model can be used.",
    )


def _whole(weight: Weight) -> Floats:
    numbers = [*weight.blocks()] or [np.zeros(0, np.float32)]
    return np.concatenate(numbers).reshape(weight.shape)
