"""Loading causal language models in the Hugging Face format, and publishing what was trained."""

import json
import shutil
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from torch import nn
from torch.nn.functional import linear
from transformers import AutoConfig, AutoModelForCausalLM

from engine.core.errors import KnownError
from training.loop import device, distributed, sharding
from training.models.parts import base, fit_experts, head, hidden_states

ADAPTER = "adapter_config.json"  # peft's name
_REWARD_MODEL = "ForSequenceClassification"
_OTHERS = "Qwen2, Qwen3, Llama and Mistral are among those that can."
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "generation_config.json",
)  # fmt: skip


def load(
    folder: Path | str,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    *,
    writes: bool = False,
    **settings: Any,
) -> Any:
    """The model of a folder that transformers can read, of a checkpoint step-N of ours, or of
    adapters, merged into the model they belong to.

    fp32 for weights that are trained; a frozen model may keep the 16 bits of its file ("auto").
    writes: it is only to write text, which any model can. settings: replace those of its
    config.json. Raises KnownError if there is no such model, or if the losses would be wrong for
    it. Nothing is downloaded.
    """
    folder = Path(folder)
    if (folder / ADAPTER).is_file():
        from training.models.adapters import load_merged  # noqa: PLC0415  (it loads models)

        return load_merged(folder, dtype, settings, writes)
    check_folder(folder)
    described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if any(name.endswith(_REWARD_MODEL) for name in described.get("architectures") or ()):
        raise KnownError(f"{folder} is a reward model, not a language model.")
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True, **settings
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise KnownError(f"The model in {folder} cannot be read: {_first(error)}") from error
    if found["missing_keys"]:
        raise KnownError(f"{folder} holds a part of the model's weights only.")
    model.config.use_cache = False
    fit_experts(model)
    if not writes:
        _check_logits(model)
    return model


def load_frozen(folder: Path, *, writes: bool = False, **settings: Any) -> Any:
    """As load(), for a model that is not trained, on the device of the run: in the type of its
    file, or in fp32 where the device is slow at that."""
    model, place = load(folder, "auto", writes=writes, **settings), device.pick()
    kind = model.dtype if device.computes(place, model.dtype) else torch.float32
    return model.to(place, kind).eval()


def _check_logits(model: Any) -> None:
    """KnownError unless the logits are hidden states times the output matrix, as losses take them.

    Other models scale or cap their logits, or add a bias.
    """
    kind = type(model).__name__
    if not isinstance(getattr(getattr(model, "model", None), "layers", None), nn.ModuleList):
        raise KnownError(f"A {kind} cannot be trained or measured: no model.layers.", _OTHERS)
    if model.device.type == "meta":
        return
    matrix = head(model)
    tokens = torch.arange(8, device=model.device)[None] % len(matrix)
    with torch.no_grad():
        logits = model(tokens).logits.float()
        taken = linear(hidden_states(model, tokens, None).to(matrix.dtype), matrix).float()
    tolerance = 1e-5 if matrix.dtype == torch.float32 else 0.02
    if (logits - taken).abs().max() > tolerance * taken.abs().max():
        raise KnownError(
            f"A {kind} cannot be trained or measured: its logits are not its hidden states times "
            "its output matrix (they are scaled or capped, or have a bias).",
            _OTHERS,
        )


def check_folder(folder: Path) -> None:
    """KnownError if a folder holds no model; that of a run names the model in it."""
    if (folder / "metrics.jsonl").is_file():
        kept = [*sorted(folder.glob("step-*")), folder / "model"]
        made = [str(place) for place in kept if (place / "config.json").is_file()]
        hint = f"Name {made[-1]} instead." if made else "It has no model yet."
        raise KnownError(f"{folder} is the folder of a run.", hint)
    if not (folder / "config.json").is_file():
        raise KnownError(f"{folder} holds no model (there is no config.json).")


def stored_dtype(folder: Path | str) -> torch.dtype:
    """The type in which a model's weights are stored, fp32 if it does not say."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    return getattr(config, "dtype", None) or torch.float32


def mark(folder: Path | str) -> str:
    """A digest that changes with a model's settings and files, whose contents are not read."""
    folder = Path(folder)
    digest = blake2b(digest_size=16)
    for path in sorted(folder.glob("*config.json")):
        digest.update(path.read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        found = path.stat()
        digest.update(repr((path.name, found.st_size, found.st_mtime_ns)).encode())
    return digest.hexdigest()


def publish(model: nn.Module, tokenizer: Path, target: Path, dtype: torch.dtype) -> None:
    """Write the model with its tokenizer as one folder that transformers and vLLM load.

    Adapters are merged into the weights and written on their own to the folder adapter beside it.
    The folder appears all at once. tokenizer: folder with the tokenizer's files. dtype: of the
    written weights. Every process must call it; the first one writes, and a sharded model is not
    trained on afterwards.
    """
    from training.models.adapters import merged, save_adapter  # noqa: PLC0415  (they load models)

    sharding.unshard(model)
    if not distributed.is_first():
        return
    save_adapter(model, target.with_name("adapter"))
    whole = merged(model)
    temporary = target.with_name(f"unfinished-{target.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    whole.config.use_cache = True
    was = whole.dtype
    whole.to(dtype).save_pretrained(temporary)
    whole.to(was).config.use_cache = False
    for name in TOKENIZER_FILES:
        if (tokenizer / name).is_file():
            shutil.copyfile(tokenizer / name, temporary / name)
    _end_of_turn(temporary)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
    print(f"Wrote {target}", flush=True)


def _end_of_turn(folder: Path) -> None:
    """Have generate() stop where the chat format ends a turn (or text)."""
    path = folder / "tokenizer_config.json"
    if not path.exists() or not (folder / "tokenizer.json").exists():
        return
    end = json.loads(path.read_text(encoding="utf-8")).get("eos_token")
    end = end["content"] if isinstance(end, dict) else end
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    ids = {token["content"]: token["id"] for token in vocabulary.get("added_tokens", ())}
    if end in ids:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config["eos_token_id"] = ids[end]
        (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        generation = folder / "generation_config.json"
        said = json.loads(generation.read_text(encoding="utf-8")) if generation.exists() else {}
        said["eos_token_id"] = ids[end]
        generation.write_text(json.dumps(said, indent=2), encoding="utf-8")


def parameters(model: nn.Module) -> tuple[int, int]:
    """Number of weights, and of those that are trained."""
    sizes = [(p.numel(), p.requires_grad) for p in base(model).parameters()]
    return sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained)


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
