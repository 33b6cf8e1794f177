"""MiniMind's checkpoints (.pth, from github.com/jingyaogong/minimind) as model folders, and back.

minimind-3 computes what Qwen3 computes (with experts, Qwen3-MoE), minimind2 what Llama computes,
and both use the same names, so weights are copied as they are. What a checkpoint does not say is
read from NAME.pth.json beside it, which is written with it; where there is none it is MiniMind's:
8 attention heads, rotary base 1e6, norms with epsilon 1e-6 (minimind-3) or 1e-5 (minimind2).
"""

import json
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import LlamaConfig, Qwen3Config, Qwen3MoeConfig

from engine.core.errors import KnownError
from training.models.loading import TOKENIZER_FILES, load

Weights = dict[str, Tensor]
EMBEDDINGS, HEAD = "model.embed_tokens.weight", "lm_head.weight"
_NOT_IN_WEIGHTS = {  # with MiniMind's own values; its epsilon depends on the version
    "num_attention_heads": 8,
    "rope_theta": 1e6,
    "max_position_embeddings": 32_768,
    "num_experts_per_tok": 1,
}
_LAYER = "model.layers.0."
# How torch fails on files that are no checkpoints, or hold more than weights.
_DAMAGED = (
    pickle.PickleError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, EOFError,
)  # fmt: skip


def read(path: Path) -> Weights:
    """The weights of a checkpoint; nothing but weights is ever unpacked."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        raise KnownError(f"{path} is no checkpoint that holds only weights.") from error
    weights: Weights = content.get("model", content) if isinstance(content, dict) else {}
    if EMBEDDINGS not in weights or f"{_LAYER}self_attn.q_proj.weight" not in weights:
        raise KnownError(f"{path} is no checkpoint of minimind2 or minimind-3.")
    return weights


def config_of(weights: Weights, said: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The configuration of the architecture that these weights belong to.

    said: arguments of MiniMindConfig, as far as they are known.
    """
    if any("shared_experts" in name for name in weights):
        raise KnownError(
            "minimind2's mixture of experts equals no architecture of transformers.",
            "Dense minimind2 and all of minimind-3 can be converted.",
        )

    def rows(name: str) -> int:
        return int(weights[f"{_LAYER}{name}.weight"].shape[0])

    known = {**_NOT_IN_WEIGHTS, **said}
    modern = f"{_LAYER}self_attn.q_norm.weight" in weights
    heads = known["num_attention_heads"]
    size = rows("self_attn.q_norm") if modern else rows("self_attn.q_proj") // heads
    routed = "mlp.gate.weight"
    experts = rows("mlp.gate") if _LAYER + routed in weights else 0
    feed_forward = rows("mlp.experts.0.gate_proj" if experts else "mlp.gate_proj")
    words, width = weights[EMBEDDINGS].shape
    tied = torch.equal(weights.get(HEAD, weights[EMBEDDINGS]), weights[EMBEDDINGS])
    settings = {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": len({n.split(".")[2] for n in weights if ".layers." in n}),
        "num_attention_heads": rows("self_attn.q_proj") // size,
        "num_key_value_heads": rows("self_attn.k_proj") // size,
        "head_dim": size,
        "max_position_embeddings": known["max_position_embeddings"],
        "rms_norm_eps": known.get("rms_norm_eps", 1e-6 if modern else 1e-5),
        "rope_parameters": {"rope_type": "default", "rope_theta": known["rope_theta"]},
        "tie_word_embeddings": tied,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "dtype": weights[EMBEDDINGS].dtype,
    }  # fmt: skip
    if experts:
        return Qwen3MoeConfig(
            **settings,
            architectures=["Qwen3MoeForCausalLM"],
            num_experts=experts,
            num_experts_per_tok=known["num_experts_per_tok"],
            moe_intermediate_size=feed_forward,
            norm_topk_prob=True,
            router_aux_loss_coef=5e-4,
        )
    kind, name = (Qwen3Config, "Qwen3") if modern else (LlamaConfig, "Llama")
    return kind(**settings, architectures=[f"{name}ForCausalLM"])


def to_folder(path: Path, target: Path, tokenizer: Path | None, rope_theta: float = 0.0) -> float:
    """Write a checkpoint as a model folder; its rotary base.

    tokenizer: folder with MiniMind's tokenizer files. rope_theta: 0 = as NAME.pth.json says.
    """
    weights, beside = read(path), _beside(path)
    said = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    config = config_of(weights, {**said, "rope_theta": rope_theta} if rope_theta else said)
    kept = {name: value.contiguous() for name, value in weights.items()}
    if config.tie_word_embeddings:
        kept.pop(HEAD, None)
    target.mkdir(parents=True, exist_ok=True)
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(target)
    for name in TOKENIZER_FILES if tokenizer else ():
        if tokenizer and (tokenizer / name).is_file():
            shutil.copyfile(tokenizer / name, target / name)
    return float(config.rope_parameters["rope_theta"])


def to_checkpoint(folder: Path, target: Path) -> dict[str, Any]:
    """Write a model folder as a checkpoint in fp16, MiniMind's type; returns the arguments that
    MiniMindConfig needs to load it, which are written to NAME.pth.json."""
    model = load(folder)
    config = model.config
    if config.model_type not in ("qwen3", "qwen3_moe", "llama"):
        raise KnownError(f"{folder} holds a {config.model_type}, which MiniMind does not have.")
    weights: Weights = {}
    for name, value in model.state_dict().items():
        if name.endswith("experts.gate_up_proj"):
            for part, half in zip(("gate_proj", "up_proj"), value.chunk(2, dim=1), strict=True):
                weights |= _split(name.removesuffix("gate_up_proj"), part, half)
        elif name.endswith("experts.down_proj"):
            weights |= _split(name.removesuffix("down_proj"), "down_proj", value)
        else:
            weights[name] = value
    torch.save({name: value.half().contiguous() for name, value in weights.items()}, target)
    names = (
        "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
        "head_dim", "intermediate_size", "vocab_size", "rms_norm_eps", "tie_word_embeddings",
        "max_position_embeddings", "num_experts_per_tok",
    )  # fmt: skip
    arguments = {name: getattr(config, name) for name in names if hasattr(config, name)}
    arguments["rope_theta"] = config.rope_parameters["rope_theta"]
    _beside(target).write_text(json.dumps(arguments, indent=1), encoding="utf-8")
    return arguments


def _beside(checkpoint: Path) -> Path:
    return checkpoint.with_name(f"{checkpoint.name}.json")


def _split(prefix: str, part: str, experts: Tensor) -> Weights:
    return {f"{prefix}{i}.{part}.weight": one for i, one in enumerate(experts)}
