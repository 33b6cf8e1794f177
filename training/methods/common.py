"""What every method that trains a model does before and after the loop."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from engine.core.errors import KnownError
from training.loop import distributed
from training.loop.batch import Method
from training.loop.checkpoint import finished
from training.loop.config import LoopConfig
from training.loop.lock import alone
from training.loop.trainer import train
from training.models.adapters import AdapterConfig, four_bit, with_adapter
from training.models.loading import check_folder, load, publish, stored_dtype
from training.models.yarn import stretched
from training.report import flat

CONFIG = "config.json"


@dataclass(frozen=True)
class ModelConfig:
    """Fields that every method which trains a model has."""

    model: str = ""  # folder of the model to start from
    yarn: float = 1.0  # YaRN: read this many times the context the model was trained on
    out: str = ""  # folder of the run: checkpoints, metrics.jsonl, and model/ in the end
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)

    def __post_init__(self) -> None:
        if not self.out:
            raise ValueError("out, the folder of the run, is missing.")
        if self.loop.patience and not self.measured:
            raise ValueError("loop.patience stops on held-out figures; held_out is missing.")

    @property
    def measured(self) -> bool:
        """Whether something is held out to evaluate the model on."""
        return bool(getattr(self, "held_out", True))


@dataclass(frozen=True)
class Options:
    """What the command line says besides the configuration."""

    plan: bool = False  # say what the run will need, and stop
    until: float = 0.0  # minutes; 0 = as the recipe says


def start(config: ModelConfig) -> Any:
    """The model to train, with its adapters."""
    return with_adapter(start_plain(config), config.adapter, seed=config.loop.seed)


def start_plain(config: ModelConfig, **settings: Any) -> Any:
    """The model to train without adapters; frozen weights keep the type of their file.

    settings: replace those of its config.json.
    """
    if not config.model:
        raise ValueError("model, the folder of the model to start from, is missing.")
    folder = Path(config.model)
    dtype = stored(folder) if config.adapter.kind != "none" else torch.float32
    if config.adapter.kind == "qlora":
        settings |= four_bit()
    if config.yarn != 1:
        settings |= stretched(AutoConfig.from_pretrained(folder), config.yarn)
    return load(folder, dtype, **settings)


def stored(folder: Path) -> torch.dtype:
    """The type of the weights in a folder; KnownError if it holds no model."""
    check_folder(folder)
    return stored_dtype(folder)


def carry_out(
    name: str,
    config: ModelConfig,
    options: Options,
    method: Method,
    *,
    write: Callable[[Path], None] | None = None,
) -> bool:
    """Plan or train, and publish the result to out/model; False if the run was stopped.

    name: the method's, noted beside the run. write: publishes instead, given out/model.
    """
    loop = replace(config.loop, minutes=options.until) if options.until else config.loop
    if options.plan:
        from training.loop.plan import show  # noqa: PLC0415  (only where it is asked for)

        show(method, loop)
        return True
    out = Path(config.out)
    with alone(out):
        if distributed.is_first():
            document = json.dumps({"method": name, **asdict(config)}, indent=1)
            if finished(out):
                _compare(out / CONFIG, json.loads(document))
            (out / CONFIG).write_text(document, encoding="utf-8")
        outcome = train(method, loop, out)
        if outcome.finished:
            if write is not None:
                write(out / "model")
            else:
                folder = Path(config.model)
                publish(method.model, folder, out / "model", stored_dtype(folder))
            distributed.wait()
    return outcome.finished


def _compare(path: Path, now: dict[str, Any]) -> None:
    """KnownError if the run that would go on is of another method or model; else say which
    settings are others than before."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return
    origin, given = (str(settings.get("model", "")) for settings in (before, now))
    method = before.get("method")
    if method != now["method"] or Path(origin).absolute() != Path(given).absolute():
        raise KnownError(
            f"{path.parent} holds a run of {method} from {origin or 'nothing'}, not of "
            f"{now['method']} from {given or 'nothing'}.",
            "Name another folder with --out.",
        )
    old = flat(before)
    for key, value in flat(now).items():
        was = old.get(key, value)
        if was != value:
            print(f"{key} is now {value or 'empty'}; it was {was or 'empty'}.", flush=True)
