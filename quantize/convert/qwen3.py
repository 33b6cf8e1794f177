"""Dense Qwen3 (Qwen3ForCausalLM), with full attention or sliding windows in some layers.

llama.cpp's qwen3 knows no sliding windows, its mellum does: the same layers, but with experts in
place of the feed-forward network and an output matrix of its own. A dense network is one expert
that is always chosen with weight 1, so that the result is exactly the same.
"""

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    MAX_LAYERS,
    attention,
    describe,
    feed_forward,
    model,
    one,
    read_sizes,
    superfluous,
    variant,
)
from quantize.convert.rope import describe_rope, scaling
from quantize.writer import Metadata, flags, u32

ARCHITECTURE, SLIDING = "qwen3", "mellum"


def _describe(config: Config) -> Metadata:
    config.integer("head_dim", 2, 4096)  # not what the width says, so it has to be there
    if config.flag("attention_bias", False):
        raise variant(ARCHITECTURE, "biases in its attention")
    windows = _windows(config)
    if not any(windows):
        return describe(ARCHITECTURE, config, describe_rope(config, ARCHITECTURE), {})
    if scaling(config) != "default":
        raise KnownError(
            "The model has both sliding windows and YaRN, which llama.cpp cannot combine.",
            "Convert it without YaRN.",
        )
    extra = {
        "attention.sliding_window": u32(config.integer("sliding_window", 1, 1 << 30)),
        "attention.sliding_window_pattern": flags(windows),
        "expert_count": u32(1),
        "expert_used_count": u32(1),
        "expert_feed_forward_length": u32(read_sizes(config).inner),
    }
    return describe(SLIDING, config, describe_rope(config, SLIDING), extra)


def _windows(config: Config) -> tuple[bool, ...]:
    """For each layer whether it sees a sliding window only."""
    kinds = config.texts("layer_types")
    count = config.integer("num_hidden_layers", 1, MAX_LAYERS)
    unsaid = not kinds and config.flag("use_sliding_window", False)
    if set(kinds) <= {"full_attention"} and not unsaid:
        return (False,) * count
    if len(kinds) != count or not set(kinds) <= {"full_attention", "sliding_attention"}:
        raise KnownError(
            "The model's config.json has no usable layer_types.", "Save it with transformers 5."
        )
    return tuple(kind == "sliding_attention" for kind in kinds)


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    experts = "_exps" if any(_windows(config)) else ""
    layer = [
        *attention(sizes, norms=True),
        one("post_attention_layernorm", "ffn_norm", sizes.width),
        *feed_forward(sizes.width, sizes.inner, suffix=experts),
    ]
    if experts:  # the router: any vector does, since the softmax over one expert is 1
        layer.append(one("post_attention_layernorm", "ffn_gate_inp", sizes.width))
    # qwen3 uses the embeddings where there is no output matrix, mellum does not
    return model(sizes, lambda _: layer, own_output=bool(experts))


FAMILY = Family(_describe, _tensors, superfluous)
