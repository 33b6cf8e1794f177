"""Dense Qwen3 (Qwen3ForCausalLM)."""

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.convert.family import Family, Wanted
from quantize.convert.rope import describe_rope
from quantize.writer import Metadata, f32, text, u32

ARCHITECTURE = "qwen3"
MAX_LAYERS = 512  # llama.cpp's own limit
MAX_WIDTH = 1 << 20


def _describe(config: Config) -> Metadata:
    _refuse_variants(config)
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
    return {
        "general.architecture": text(ARCHITECTURE),
        **{f"{ARCHITECTURE}.{key}": value for key, value in values.items()},
        **describe_rope(config, ARCHITECTURE),
    }


def _refuse_variants(config: Config) -> None:
    """Settings that change the computation in ways llama.cpp's Qwen3 does not have."""
    sliding = any(kind != "full_attention" for kind in config.texts("layer_types"))
    if (
        sliding
        or config.flag("use_sliding_window", False)
        or config.flag("attention_bias", False)
        or config.text("hidden_act", "silu") != "silu"
    ):
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
    layer = (
        ("input_layernorm", "attn_norm", (width,)),
        ("self_attn.q_proj", "attn_q", (queries, width)),
        ("self_attn.q_norm", "attn_q_norm", (size,)),
        ("self_attn.k_proj", "attn_k", (keys, width)),
        ("self_attn.k_norm", "attn_k_norm", (size,)),
        ("self_attn.v_proj", "attn_v", (keys, width)),
        ("self_attn.o_proj", "attn_output", (width, queries)),
        ("post_attention_layernorm", "ffn_norm", (width,)),
        ("mlp.gate_proj", "ffn_gate", (inner, width)),
        ("mlp.up_proj", "ffn_up", (inner, width)),
        ("mlp.down_proj", "ffn_down", (width, inner)),
    )
    tensors = [Wanted("model.embed_tokens.weight", "token_embd.weight", (words, width))]
    for index in range(config.integer("num_hidden_layers", 1, MAX_LAYERS)):
        tensors += [
            Wanted(f"model.layers.{index}.{source}.weight", f"blk.{index}.{name}.weight", shape)
            for source, name, shape in layer
        ]
    tensors.append(Wanted("model.norm.weight", "output_norm.weight", (width,)))
    if not _tied(config):  # else llama.cpp uses the embeddings where this one is missing
        tensors.append(Wanted("lm_head.weight", "output.weight", (words, width)))
    return tuple(tensors)


def _superfluous(config: Config) -> frozenset[str]:
    return frozenset({"lm_head.weight"} if _tied(config) else ())


def _tied(config: Config) -> bool:
    return config.flag("tie_word_embeddings", False)


FAMILY = Family(_describe, _tensors, _superfluous)
