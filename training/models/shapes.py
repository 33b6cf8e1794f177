"""Model shapes: dense Qwen3, with one dial (depth) and a few named presets."""

from dataclasses import dataclass

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM


@dataclass(frozen=True)
class Shape:
    """A dense Qwen3: sizes in elements; hidden_size is a multiple of 256 so that k-quants apply."""

    hidden_size: int
    layers: int
    ffn_size: int
    heads: int
    kv_heads: int
    head_dim: int = 64
    context: int = 2048
    rope_theta: float = 10_000.0  # enough for 2,048 positions; long-context bases need more data


def dense(depth: int) -> Shape:
    """The shape for a depth in layers: width 256 up to 8 layers, then 256 more per 4 layers."""
    width = 256 * max(1, -(-(depth - 4) // 4))
    heads = width // 64
    return Shape(width, depth, 3 * width, heads, max(1, heads // 2))


PRESETS = {
    "tiny": Shape(256, 2, 256, 4, 2, context=256),
    "starter": dense(8),
    "evening": dense(12),
    "night": dense(16),
}


def build(shape: Shape, vocab_size: int, seed: int) -> Qwen3ForCausalLM:
    """Make a model with random weights in fp32 and tied embeddings.

    Residual outputs start at zero, so that every layer begins as the identity.
    """
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=vocab_size,
        hidden_size=shape.hidden_size,
        intermediate_size=shape.ffn_size,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=shape.context,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
        use_cache=False,
        dtype="float32",
    )
    model = Qwen3ForCausalLM(config)
    for name, parameter in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            torch.nn.init.zeros_(parameter)
    return model


def named(name: str) -> Shape:
    """A preset by name, or the dense shape of a depth such as "12"."""
    if name.isdecimal() and int(name) > 0:
        return dense(int(name))
    if name not in PRESETS:
        raise ValueError(f"Unknown shape {name!r}; known are a depth and {', '.join(PRESETS)}.")
    return PRESETS[name]
