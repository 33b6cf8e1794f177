"""Rotary position settings of Hugging Face configs as GGUF metadata."""

import math

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.writer import Metadata, f32, text, u32

# Settings that llama.cpp does not take from the file for ordinary architectures, with the values
# it assumes.
_FIXED = {"beta_fast": 32.0, "beta_slow": 1.0, "partial_rotary_factor": 1.0}


def describe_rope(config: Config, architecture: str) -> Metadata:
    """Base frequency and YaRN scaling; reads transformers 5's rope_parameters and the older
    rope_theta with rope_scaling. Raises KnownError for other kinds of scaling.
    """
    modern = config.has("rope_parameters")
    rope = config.within("rope_parameters" if modern else "rope_scaling")
    theta = (rope if modern else config).number("rope_theta", 1.0, 1e12)
    metadata = {f"{architecture}.rope.freq_base": f32(theta)}
    kind = rope.text("rope_type", rope.text("type", "default"))
    if kind == "yarn":
        prefix = f"{architecture}.rope.scaling"
        metadata |= {f"{prefix}.{key}": value for key, value in _yarn(rope, config).items()}
    elif kind != "default":
        raise KnownError(
            f'The model scales its positions by "{kind[:30]}", which Assay cannot convert yet.',
            "Use a model with ordinary or YaRN positions.",
        )
    return metadata


def _yarn(rope: Config, config: Config) -> Metadata:
    """YaRN, https://arxiv.org/abs/2309.00071."""
    factor = rope.number("factor", 1.0, 1e4)
    key = "original_max_position_embeddings"
    original = (rope if rope.has(key) else config).integer(
        key if rope.has(key) else "max_position_embeddings", 1, 1 << 30
    )
    if (
        any(rope.has(name) for name in ("mscale", "mscale_all_dim"))
        or any(rope.has(key) and rope.number(key, 0, 1e4) != _FIXED[key] for key in _FIXED)
        or not rope.flag("truncate", True)
    ):
        raise KnownError(
            "The model uses a variant of YaRN that Assay cannot convert yet.",
            "Use a model with ordinary or plain YaRN positions.",
        )
    metadata = {
        "type": text("yarn"),
        "factor": f32(factor),
        "original_context_length": u32(original),
    }
    if rope.has("attention_factor"):
        # llama.cpp multiplies by YaRN's own factor; the config's stands for the product.
        usual = 0.1 * math.log(factor) + 1
        metadata["attn_factor"] = f32(rope.number("attention_factor", 1e-3, 1e3) / usual)
    return metadata
