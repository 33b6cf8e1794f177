"""A recipe: one TOML file that says what to run; its tables and keys are dataclasses and fields."""

import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from training.architectures import PRESETS
from training.data.chat import Weights
from training.data.formats import Selection
from training.loop import TrainConfig


@dataclass(frozen=True)
class Group:
    """Documents drawn in one proportion."""

    name: str
    weight: float
    selections: tuple[Selection, ...]


@dataclass(frozen=True)
class TokenizerConfig:
    """Size of the vocabulary and of the training sample (megabytes, split by group weight)."""

    vocab_size: int = 8192
    sample_megabytes: float = 20.0


@dataclass(frozen=True)
class PretrainConfig:
    """Pretraining: window length in tokens, longer for the last share of the run."""

    train: TrainConfig
    context: int = 512
    long_context: int = 2048
    long_share: float = 0.1
    held_out_windows: int = 24  # per group and evaluation


@dataclass(frozen=True)
class SftConfig:
    """Instruction tuning: train.total_tokens is set from epochs when the dialogues are known."""

    train: TrainConfig
    epochs: float = 3.0
    context: int = 2048  # longer dialogues are left out
    held_out_dialogues: int = 400  # scored at most, per evaluation
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True)
class Recipe:
    """Everything about one model."""

    name: str
    preset: str
    seed: int
    tokenizer: TokenizerConfig
    pretrain: PretrainConfig
    sft: SftConfig
    groups: tuple[Group, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"Unknown preset {self.preset!r}; known are {', '.join(PRESETS)}.")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises ValueError that names a key it does not know."""
    with path.open("rb") as file:
        recipe: Recipe = _build(Recipe, tomllib.load(file), path.name)
    return recipe


def _build(kind: Any, value: Any, where: str) -> Any:
    """Turn a TOML value into the type a field asks for."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        unknown = set(value) - {f.name for f in fields(kind)}
        if unknown:
            raise ValueError(f"{where}: unknown key {', '.join(sorted(unknown))}.")
        parts = {key: _build(hints[key], part, f"{where}.{key}") for key, part in value.items()}
        try:
            return kind(**parts)  # type: ignore[operator]
        except TypeError as error:
            raise ValueError(f"{where}: {error}") from error
    if get_origin(kind) is tuple:
        return tuple(_build(get_args(kind)[0], part, where) for part in value)
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise ValueError(f"{where}: {value!r} is not a {kind.__name__}.")
    return value
