"""Dense Qwen3 (Qwen3ForCausalLM), with full attention or sliding windows in some layers.

llama.cpp's qwen3 knows no sliding windows, its mellum does: the same layers, but with experts in
place of the feed-forward network and an output matrix of its own. A dense network is one expert
that is always chosen with weight 1, so that the result is exactly the same.
"""

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.convert.family import Family, Wanted
from quantize.convert.rope import describe_rope
from quantize.writer import Metadata, f32, flags, text, u32

ARCHITECTURE, SLIDING = "qwen3", "mellum"
MAX_LAYERS = 512  # llama.cpp's own limit
MAX_WIDTH = 1 << 20


def _describe(config: Config) -> Metadata:
    _refuse_variants(config)
    windows = _windows(config)
    architecture = SLIDING if any(windows) else ARCHITECTURE
    heads = config.integer("num_attention_heads", 1, 4096)
    groups = config.integer("num_key_value_heads", 1, heads)
    size = config.integer("head_dim", 2, 4096)
    if heads % groups or size % 2:
        raise KnownError(
            "The model's config.json gives head counts that do not fit together.",
            "Get the model's folder again, complete.",
        )
    values = {
        "block_count": u32(config.integer("num_hidden_layers", 1, MAX_LAYERS)),
        "context_length": u32(config.integer("max_position_embeddings", 1, 1 << 30)),
        "embedding_length": u32(config.integer("hidden_size", 1, MAX_WIDTH)),
        "feed_forward_length": u32(config.integer("intermediate_size", 1, MAX_WIDTH)),
        "attention.head_count": u32(heads),
        "attention.head_count_kv": u32(groups),
        "attention.key_length": u32(size),
        "attention.value_length": u32(size),
        "attention.layer_norm_rms_epsilon": f32(config.number("rms_norm_eps", 1e-12, 1.0)),
    }
    rope = describe_rope(config, architecture)
    if any(windows):
        if f"{architecture}.rope.scaling.type" in rope:
            raise KnownError(
                "The model has both sliding windows and YaRN, which llama.cpp cannot combine.",
                "Convert it without YaRN.",
            )
        values |= {
            "attention.sliding_window": u32(config.integer("sliding_window", 1, 1 << 30)),
            "attention.sliding_window_pattern": flags(windows),
            "expert_count": u32(1),
            "expert_used_count": u32(1),
            "expert_feed_forward_length": values["feed_forward_length"],
        }
    return {
        "general.architecture": text(architecture),
        **{f"{architecture}.{key}": value for key, value in values.items()},
        **rope,
    }


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


def _refuse_variants(config: Config) -> None:
    """Settings that change the computation in ways llama.cpp's Qwen3 does not have."""
    if config.flag("attention_bias", False) or config.text("hidden_act", "silu") != "silu":
        raise KnownError(
            "The model is a variant of Qwen3 that Assay cannot convert.", "Use a plain Qwen3 model."
        )


def _tensors(config: Config) -> tuple[Wanted, ...]:
    width = config.integer("hidden_size", 1, MAX_WIDTH)
    inner = config.integer("intermediate_size", 1, MAX_WIDTH)
    words = config.integer("vocab_size", 1, 1 << 20)
    size = config.integer("head_dim", 2, 4096)
    queries = config.integer("num_attention_heads", 1, 4096) * size
    keys = config.integer("num_key_value_heads", 1, 4096) * size
    experts = "_exps" if any(_windows(config)) else ""
    layer: tuple[tuple[str, str, tuple[int, ...]], ...] = (
        ("input_layernorm", "attn_norm", (width,)),
        ("self_attn.q_proj", "attn_q", (queries, width)),
        ("self_attn.q_norm", "attn_q_norm", (size,)),
        ("self_attn.k_proj", "attn_k", (keys, width)),
        ("self_attn.k_norm", "attn_k_norm", (size,)),
        ("self_attn.v_proj", "attn_v", (keys, width)),
        ("self_attn.o_proj", "attn_output", (width, queries)),
        ("post_attention_layernorm", "ffn_norm", (width,)),
        ("mlp.gate_proj", f"ffn_gate{experts}", (inner, width)),
        ("mlp.up_proj", f"ffn_up{experts}", (inner, width)),
        ("mlp.down_proj", f"ffn_down{experts}", (width, inner)),
    )
    if experts:  # the router: any vector does, since the softmax over one expert is 1
        layer += (("post_attention_layernorm", "ffn_gate_inp", (width,)),)
    tensors = [Wanted("model.embed_tokens.weight", "token_embd.weight", (words, width))]
    for index in range(config.integer("num_hidden_layers", 1, MAX_LAYERS)):
        tensors += [
            Wanted(f"model.layers.{index}.{source}.weight", f"blk.{index}.{name}.weight", shape)
            for source, name, shape in layer
        ]
    tensors.append(Wanted("model.norm.weight", "output_norm.weight", (width,)))
    if not _tied(config):
        tensors.append(Wanted("lm_head.weight", "output.weight", (words, width)))
    elif experts:  # qwen3 uses the embeddings where this one is missing, mellum does not
        tensors.append(Wanted("model.embed_tokens.weight", "output.weight", (words, width)))
    return tuple(tensors)


def _superfluous(config: Config) -> frozenset[str]:
    return frozenset({"lm_head.weight"} if _tied(config) else ())


def _tied(config: Config) -> bool:
    return config.flag("tie_word_embeddings", False)


FAMILY = Family(_describe, _tensors, _superfluous)
