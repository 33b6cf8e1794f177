"""GLM-4.5 and 4.6 (Glm4MoeForCausalLM): experts chosen by sigmoid scores with a bias per expert.

Layers after the last ordinary one, which predict several tokens at once (MTP), are left out: they
only speed up generation.
"""

from quantize.convert.config import Config
from quantize.convert.experts import count, describe_experts, routed
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    MAX_LAYERS,
    MAX_WIDTH,
    attention,
    describe,
    feed_forward,
    model,
    one,
    read_sizes,
    superfluous,
    variant,
)
from quantize.convert.rope import describe_rope, rotated_share
from quantize.writer import Metadata, f32, flag, u32

ARCHITECTURE = "glm4moe"
_COUNTS = ("n_routed_experts", "num_local_experts")
_GROUPS = {"expert_group_count": "n_group", "expert_group_used_count": "topk_group"}
_SIGMOID = 2  # llama.cpp's number for how scores become weights


def _describe(config: Config) -> Metadata:
    sizes = read_sizes(config)
    groups = {name: key for name, key in _GROUPS.items() if config.has(key)}
    if any(config.integer(key, 1, MAX_LAYERS) != 1 for key in groups.values()):
        raise variant(ARCHITECTURE, "experts in groups")
    rotated = int(sizes.head * rotated_share(config, 0.5))
    if rotated % 2 or not rotated:
        raise variant(ARCHITECTURE, "heads of which no even number of elements is rotated")
    extra = {
        **describe_experts(config, _COUNTS),
        **{name: u32(1) for name in groups},
        "rope.dimension_count": u32(rotated),
        "leading_dense_block_count": u32(_dense(config)),
        "expert_shared_count": u32(_shared(config)),
        "expert_gating_func": u32(_SIGMOID),
        "expert_weights_scale": f32(config.number("routed_scaling_factor", 1e-3, 1e3)),
        "expert_weights_norm": flag(config.flag("norm_topk_prob", True)),
    }
    rope = describe_rope(config, ARCHITECTURE, partial=True)
    return describe(ARCHITECTURE, config, rope, extra)


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    biases = ("q", "k", "v") if config.flag("attention_bias", False) else ()
    shared = _shared(config) * config.integer("moe_intermediate_size", 1, MAX_WIDTH)
    usual = [
        *attention(sizes, biases, config.flag("use_qk_norm", False)),
        one("post_attention_layernorm", "post_attention_norm", sizes.width),
    ]
    dense = feed_forward(sizes.width, sizes.inner)
    mixture = [
        *routed(config, sizes.width, _COUNTS),
        Wanted(
            ("mlp.gate.e_score_correction_bias",), "exp_probs_b.bias", (count(config, _COUNTS),)
        ),
        *feed_forward(sizes.width, shared, "mlp.shared_experts", "_shexp"),
    ]
    first = _dense(config)
    return model(sizes, lambda index: usual + (dense if index < first else mixture))


def _dense(config: Config) -> int:
    return config.integer("first_k_dense_replace", 0, MAX_LAYERS)


def _shared(config: Config) -> int:
    return config.integer("n_shared_experts", 1, MAX_LAYERS)


def _superfluous(config: Config, name: str) -> bool:
    layers = config.integer("num_hidden_layers", 1, MAX_LAYERS)
    key = "num_nextn_predict_layers"
    further = config.integer(key, 0, MAX_LAYERS) if config.has(key) else 0
    starts = tuple(f"model.layers.{layers + index}." for index in range(further))
    return superfluous(config, name) or name.startswith(starts)


FAMILY = Family(_describe, _tensors, _superfluous)
