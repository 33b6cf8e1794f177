"""Low-rank adapters through peft: LoRA, rsLoRA, DoRA, and QLoRA where bitsandbytes runs."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, BitsAndBytesConfig

from engine.core.errors import KnownError
from training.models.loading import load, stored_dtype
from training.models.parts import layers

KINDS = ("none", "lora", "rslora", "dora", "qlora")
WEIGHTS = ("adapter_model.safetensors", "model.safetensors")  # peft's, and a checkpoint's


@dataclass(frozen=True)
class AdapterConfig:
    """The keys of [adapter] in a recipe; kind "none" trains every weight."""

    kind: str = "none"  # of the adapters: none, lora, rslora, dora, qlora
    rank: int = 16  # of the two matrices of an adapter
    alpha: float = 32.0  # an adapter counts alpha / rank times
    dropout: float = 0.0  # share of its inputs left out
    targets: tuple[str, ...] = ()  # names of matrices such as "q_proj"; empty = all of the layers
    layers: tuple[int, ...] = ()  # numbers of layers; empty = all

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}.")


def four_bit() -> dict[str, Any]:
    """What load() needs to hold frozen weights in 4 bits, as of QLoRA (arXiv 2305.14314) or of a
    teacher, on the GPU of this process."""
    if not torch.cuda.is_available() or find_spec("bitsandbytes") is None:
        raise KnownError(
            "Weights in 4 bits need an NVIDIA GPU and the package bitsandbytes.",
            'Here adapter.kind = "lora", a teacher without four_bit, or its logits by assay-train '
            "topk will do.",
        )
    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": settings, "device_map": {"": torch.cuda.current_device()}}


def with_adapter(model: Any, config: AdapterConfig, rows: Sequence[int] = (), seed: int = 1) -> Any:
    """The model with fresh adapters, all else frozen; the model itself for kind "none".

    rows: token ids whose rows of the output matrix are trained, too; where it is tied they are
    rows of the embeddings as well.
    """
    if config.kind == "none":
        return model
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415  (takes seconds to import)

    known = matrices(model)
    modules = [f".{name}" for name, _ in model.named_modules()]
    for target in config.targets:
        if not any(name.endswith(f".{target}") for name in modules):
            raise ValueError(f"adapter.targets: there is no {target}; try {', '.join(known)}.")
    matrix = "embed_tokens" if model.config.tie_word_embeddings else "lm_head"
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=list(config.targets) or known,
        layers_to_transform=list(config.layers) or None,
        use_rslora=config.kind == "rslora",
        use_dora=config.kind == "dora",
        trainable_token_indices={matrix: list(rows)} if rows else None,
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(seed)  # several processes must start alike
    with _quietly():
        return get_peft_model(model, lora)


def matrices(model: nn.Module) -> list[str]:
    """The names of the matrices that every layer multiplies by, such as "q_proj"."""
    found = {
        name.rsplit(".", 1)[-1]: None
        for layer in layers(model)
        for name, module in layer.named_modules()
        if isinstance(module, nn.Linear)
    }
    return list(found)


def merged(model: nn.Module) -> Any:
    """The transformers model with its adapters merged, or the model itself if it has none.

    They are merged into the original weights, read from disk again in the type of their file: what
    was trained on may have been rounded to 4 bits.
    """
    inner: Any = getattr(model, "policy", model)
    if not hasattr(inner, "peft_config"):
        return inner
    from peft import get_peft_model_state_dict  # noqa: PLC0415

    config = inner.get_base_model().config
    config.__dict__.pop("quantization_config", None)
    tensors = get_peft_model_state_dict(inner, save_embedding_layers=False)
    return _merge(config, inner.peft_config["default"], tensors)


def load_merged(
    folder: Path,
    dtype: torch.dtype | Literal["auto"],
    settings: dict[str, Any],
    writes: bool = False,
) -> Any:
    """The whole model of a folder that holds adapters: peft's format, or a checkpoint of ours.

    writes: as in load().
    """
    if "quantization_config" in settings:
        raise KnownError(f"{folder} holds adapters only.", "Name a merged model for QLoRA.")
    from peft import PeftConfig  # noqa: PLC0415

    adapter = PeftConfig.from_pretrained(folder)
    origin = folder if (folder / "config.json").is_file() else adapter.base_model_name_or_path
    given = dict(settings)
    config = given.pop("config", None) or AutoConfig.from_pretrained(origin, local_files_only=True)
    config.update(given)
    path = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise KnownError(f"{folder} holds no weights of its adapter.")
    tensors = {name.replace(".default", ""): value for name, value in load_file(path).items()}
    whole = _merge(config, adapter, tensors, dtype, writes)
    whole.name_or_path = str(folder)  # adapters trained on top are merged into this one again
    return whole


def save_adapter(model: nn.Module, target: Path) -> None:
    """Write the adapters alone in peft's format, with the model's configuration beside them."""
    inner: Any = getattr(model, "policy", model)
    if not hasattr(inner, "peft_config"):
        return
    from peft import get_peft_model_state_dict  # noqa: PLC0415

    target.mkdir(parents=True, exist_ok=True)
    save_file(get_peft_model_state_dict(inner, save_embedding_layers=False), target / WEIGHTS[0])
    inner.peft_config["default"].save_pretrained(target)
    inner.get_base_model().config.save_pretrained(target)


def _merge(
    config: Any,
    adapter: Any,
    tensors: dict[str, torch.Tensor],
    dtype: torch.dtype | Literal["auto"] | None = None,
    writes: bool = False,
) -> Any:
    from peft import get_peft_model, set_peft_model_state_dict  # noqa: PLC0415

    folder = Path(adapter.base_model_name_or_path)
    original = load(folder, dtype or stored_dtype(folder), writes=writes, config=config)
    with _quietly():
        whole = get_peft_model(original, adapter)
        outcome = set_peft_model_state_dict(whole, tensors)
        if outcome.unexpected_keys:
            raise KnownError(f"The adapter does not fit the model in {folder}.")
        return whole.merge_and_unload(safe_merge=True)


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        # peft 0.21 asks transformers 5.23 by a name that is going away.
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        yield
