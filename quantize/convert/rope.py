"""Rotary position settings of Hugging Face configs as GGUF metadata."""

import math

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.writer import Metadata, f32, text, u32

# Settings of YaRN that llama.cpp does not take from the file for ordinary architectures, with the
# values it assumes.
_FIXED = {"beta_fast": 32.0, "beta_slow": 1.0}
_USUAL_BASE = 10_000.0


def describe_rope(config: Config, architecture: str, partial: bool = False) -> Metadata:
    """Base frequency and scaling; reads transformers 5's rope_parameters and the older rope_theta
    with rope_scaling. partial: the architecture can rotate a part of each head only.

    Llama 3's scaling is not metadata but a tensor, see llama3_divisors. Raises KnownError for
    other kinds of scaling.
    """
    rope = _settings(config)
    prefix = f"{architecture}.rope"
    metadata = {f"{prefix}.freq_base": f32(_base(config))}
    kind = scaling(config)
    if rotated_share(config, 1.0) != 1 and not (partial and kind == "default"):
        raise _unknown("rotates a part of each head only")
    if kind == "yarn":
        values = _yarn(rope, config)
        metadata |= {f"{prefix}.scaling.{key}": value for key, value in values.items()}
    elif kind == "linear":
        metadata[f"{prefix}.scaling.type"] = text("linear")
        metadata[f"{prefix}.scaling.factor"] = f32(rope.number("factor", 1e-3, 1e4))
    elif kind != "default" and not (kind == "llama3" and architecture == "llama"):
        raise _unknown(f'scales its positions by "{kind[:30]}"')
    return metadata


def scaling(config: Config) -> str:
    """The kind of scaling, such as "yarn", or "default" for none."""
    rope = _settings(config)
    return rope.text("rope_type", rope.text("type", "default"))


def rotated_share(config: Config, default: float) -> float:
    """Which share of each head is rotated."""
    key = "partial_rotary_factor"
    for settings in (_settings(config), config):
        if settings.has(key):
            return settings.number(key, 0.0, 1.0)
    return default


def llama3_divisors(config: Config, head: int) -> tuple[float, ...]:
    """By what Llama 3.1 divides each of the head / 2 rotation frequencies; () for other models.

    With the wavelength w = 2π · base^(2i / head) and the length c of the training context: 1 where
    w < c / high, factor where w > c / low, and between them 1 / ((1 − s) / factor + s) with
    s = (c / w − low) / (high − low).
    """
    if scaling(config) != "llama3":
        return ()
    rope, base = _settings(config), _base(config)
    factor = rope.number("factor", 1.0, 1e4)
    low = rope.number("low_freq_factor", 1e-3, 1e4)
    high = rope.number("high_freq_factor", 1e-3, 1e4)
    length = rope.integer("original_max_position_embeddings", 1, 1 << 30)
    if high <= low:
        raise _unknown("has frequency bounds in the wrong order")
    result = []
    for index in range(head // 2):
        turns = length / (2 * math.pi * base ** (2 * index / head))
        share = min(1.0, max(0.0, (turns - low) / (high - low)))
        result.append(1 / ((1 - share) / factor + share))
    return tuple(result)


def _settings(config: Config) -> Config:
    return config.within("rope_parameters" if config.has("rope_parameters") else "rope_scaling")


def _base(config: Config) -> float:
    rope = config.within("rope_parameters")
    settings = rope if config.has("rope_parameters") else config
    if not config.has("rope_parameters") and not config.has("rope_theta"):
        return _USUAL_BASE
    return settings.number("rope_theta", 1.0, 1e12)


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


def _unknown(detail: str) -> KnownError:
    return KnownError(
        f"The model {detail}, which Assay cannot convert yet.",
        "Use a model with ordinary or YaRN positions.",
    )
