"""Qwen2 with experts: routed ones, and a shared one with a gate of its own.

What `assay-train` makes for mixtures of experts is of this family, too.
"""

from dataclasses import replace

from quantize.convert.config import Config
from quantize.convert.experts import describe_experts, require_everywhere, routed
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    MAX_WIDTH,
    attention,
    describe,
    feed_forward,
    model,
    one,
    read_sizes,
    superfluous,
    variant,
    windowed,
)
from quantize.convert.rope import describe_rope
from quantize.writer import Metadata, u32

ARCHITECTURE = "qwen2moe"
_COUNTS = ("num_experts", "num_local_experts")


def _describe(config: Config) -> Metadata:
    require_everywhere(config, ARCHITECTURE)
    if config.flag("norm_topk_prob", False):
        raise variant(ARCHITECTURE, "weights of the chosen experts that add up to 1")
    extra = {
        **describe_experts(config, _COUNTS),
        "expert_shared_feed_forward_length": u32(_shared(config)),
        **windowed(config),
    }
    return describe(ARCHITECTURE, config, describe_rope(config, ARCHITECTURE), extra)


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    gate = one("mlp.shared_expert_gate", "ffn_gate_inp_shexp", 1, sizes.width)
    layer = [
        *attention(sizes, ("q", "k", "v") if config.flag("qkv_bias", True) else ()),
        one("post_attention_layernorm", "ffn_norm", sizes.width),
        *routed(config, sizes.width, _COUNTS),
        replace(gate, exact=True),
        *feed_forward(sizes.width, _shared(config), "mlp.shared_expert", "_shexp"),
    ]
    return model(sizes, lambda _: layer, own_output=True)


def _shared(config: Config) -> int:
    return config.integer("shared_expert_intermediate_size", 1, MAX_WIDTH)


FAMILY = Family(_describe, _tensors, superfluous)
