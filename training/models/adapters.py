"""Low-rank adapters through peft: LoRA, rsLoRA, DoRA, and QLoRA where bitsandbytes runs."""

import warnings
from dataclasses import dataclass
from typing import Any

from torch import nn

KINDS = ("none", "lora", "rslora", "dora")


@dataclass(frozen=True)
class AdapterConfig:
    """The keys of [adapter] in a recipe; kind "none" trains every weight."""

    kind: str = "none"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ()  # names of matrices such as "q_proj"; empty = all of the layers
    layers: tuple[int, ...] = ()  # numbers of layers; empty = all

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}.")


def with_adapter(model: Any, config: AdapterConfig) -> Any:
    """The model with fresh adapters, all else frozen; the model itself for kind "none"."""
    if config.kind == "none":
        return model
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415  (takes seconds to import)

    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=list(config.targets) or "all-linear",
        layers_to_transform=list(config.layers) or None,
        use_rslora=config.kind == "rslora",
        use_dora=config.kind == "dora",
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # peft 0.21 asks transformers 5.23 by a name that is going away.
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        return get_peft_model(model, lora)


def merged(model: nn.Module) -> Any:
    """The transformers model with adapters merged into its weights; it is changed in place."""
    inner: Any = getattr(model, "policy", model)
    merge = getattr(inner, "merge_and_unload", None)
    return merge() if merge is not None else inner
