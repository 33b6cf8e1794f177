"""Model shapes: dense Qwen3 by one dial (depth), mixtures of experts, and named presets.

k-quants of GGUF need rows that are multiples of 256; all shapes but MiniMind's own have them.
"""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import Qwen2MoeConfig, Qwen2MoeForCausalLM, Qwen3Config, Qwen3ForCausalLM

from training.models.parts import fit_experts


@dataclass(frozen=True)
class Shape:
    """Sizes in elements. experts: routed ones, 0 = dense; then ffn_size is that of each expert,
    chosen: how many of them a token goes through, shared_size: of the expert all tokens use."""

    hidden_size: int
    layers: int
    ffn_size: int
    heads: int
    kv_heads: int
    head_dim: int = 64
    context: int = 2048
    rope_theta: float = 10_000.0  # enough for 2,048 positions; long-context bases need more data
    experts: int = 0
    chosen: int = 2
    shared_size: int = 0


def dense(depth: int) -> Shape:
    """The shape for a depth in layers: width 256 up to 8 layers, then 256 more per 4 layers."""
    width = 256 * max(1, -(-(depth - 4) // 4))
    heads = width // 64
    return Shape(width, depth, 3 * width, heads, max(1, heads // 2))


PRESETS = {
    "tiny": Shape(256, 2, 256, 4, 2, context=256),
    "starter": dense(8),  # 8M with 8,192 words
    "evening": dense(12),  # 38M
    "night": dense(16),  # 119M
    # 41M with 6,400 words, of which a token uses 22M: 8 routed experts and one shared.
    "moe": Shape(512, 8, 256, 8, 4, experts=8, chosen=2, shared_size=512),
    # MiniMind's sizes; minimind3 is its very architecture, the older two lack q_norm and k_norm.
    "minimind2-small": Shape(512, 8, 1408, 8, 2, 64, 32_768, 1e6),  # 26M with 6,400 words
    "minimind2": Shape(768, 16, 2048, 8, 2, 96, 32_768, 1e6),  # 104M
    "minimind3": Shape(768, 8, 2432, 8, 4, 96, 32_768, 1e6),  # 64M
}


def build(shape: Shape, vocab_size: int, seed: int) -> Any:
    """Make a model with random weights in fp32 and tied embeddings.

    Residual outputs start at zero, so that every layer begins as the identity.
    """
    torch.manual_seed(seed)
    settings = {
        "vocab_size": vocab_size,
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.ffn_size,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "max_position_embeddings": shape.context,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "tie_word_embeddings": True,
        "use_cache": False,
        "dtype": "float32",
    }
    model = (
        _mixture(shape, settings) if shape.experts else Qwen3ForCausalLM(Qwen3Config(**settings))
    )
    for name, parameter in model.named_parameters():
        if name.removesuffix(".weight").endswith(("o_proj", "down_proj")):
            torch.nn.init.zeros_(parameter)
    fit_experts(model)
    return model


def _mixture(shape: Shape, settings: dict[str, Any]) -> Any:
    """Qwen2-MoE: routed experts and a shared one; llama.cpp knows it as qwen2moe.

    Glm4Moe, the other such architecture both know, balances its experts by a bias that
    transformers does not train and has no router logits for an auxiliary loss.
    """
    if shape.head_dim * shape.heads != shape.hidden_size:
        raise ValueError("The heads of a mixture of experts share the width exactly.")
    config = Qwen2MoeConfig(
        **settings,
        moe_intermediate_size=shape.ffn_size,
        shared_expert_intermediate_size=shape.shared_size,
        num_experts=shape.experts,
        num_experts_per_tok=shape.chosen,
        router_aux_loss_coef=0.01,  # Switch Transformers, arXiv 2101.03961
    )
    return Qwen2MoeForCausalLM(config)


def named(name: str) -> Shape:
    """A preset by name, or the dense shape of a depth such as "12"."""
    if name.isdecimal() and int(name) > 0:
        return dense(int(name))
    if name not in PRESETS:
        raise ValueError(f"Unknown shape {name!r}; known are a depth and {', '.join(PRESETS)}.")
    return PRESETS[name]
