"""Qwen3 with experts; minimind-3's mixture is the same."""

from quantize.convert.config import Config
from quantize.convert.experts import describe_experts, require_everywhere, routed
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    attention,
    describe,
    model,
    one,
    read_sizes,
    superfluous,
    variant,
    windowed,
)
from quantize.convert.rope import describe_rope
from quantize.writer import Metadata

ARCHITECTURE = "qwen3moe"
_COUNTS = ("num_experts", "num_local_experts")


def _describe(config: Config) -> Metadata:
    require_everywhere(config, ARCHITECTURE)
    if config.flag("attention_bias", False):
        raise variant(ARCHITECTURE, "biases in its attention")
    if not config.flag("norm_topk_prob", False):
        raise variant(ARCHITECTURE, "weights of the chosen experts that do not add up to 1")
    extra = {**describe_experts(config, _COUNTS), **windowed(config)}
    return describe(ARCHITECTURE, config, describe_rope(config, ARCHITECTURE), extra)


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    layer = [
        *attention(sizes, norms=True),
        one("post_attention_layernorm", "ffn_norm", sizes.width),
        *routed(config, sizes.width, _COUNTS),
    ]
    return model(sizes, lambda _: layer)


FAMILY = Family(_describe, _tensors, superfluous)
