"""What nearly all families have in common: sizes, attention, feed-forward networks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.convert.family import Wanted
from quantize.writer import Metadata, f32, text, u32

MAX_LAYERS = 512  # llama.cpp's own limit
MAX_WIDTH = 1 << 20
MAX_HEADS = 4096


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes in elements. inner: of the dense feed-forward network; heads, groups: of queries and
    of keys and values, `head` elements each; words: tokens; tied: the output matrix is the
    embeddings."""

    width: int
    inner: int
    layers: int
    heads: int
    groups: int
    head: int
    words: int
    tied: bool


def read_sizes(config: Config) -> Sizes:
    """The sizes a config.json gives. Raises KnownError."""
    width = config.integer("hidden_size", 1, MAX_WIDTH)
    heads = config.integer("num_attention_heads", 1, MAX_HEADS)
    groups = heads
    if config.has("num_key_value_heads"):
        groups = config.integer("num_key_value_heads", 1, heads)
    head = width // heads
    if config.has("head_dim"):
        head = config.integer("head_dim", 2, MAX_HEADS)
    elif width % heads:
        head = 0
    if heads % groups or head % 2 or not head:
        raise KnownError(
            "The model's config.json gives head counts that do not fit together.",
            "Get the model's folder again, complete.",
        )
    return Sizes(
        width,
        config.integer("intermediate_size", 1, MAX_WIDTH),
        config.integer("num_hidden_layers", 1, MAX_LAYERS),
        heads,
        groups,
        head,
        config.integer("vocab_size", 1, 1 << 20),
        config.flag("tie_word_embeddings", False),
    )


def describe(
    architecture: str, config: Config, rope: Metadata, extra: Metadata, activation: str = "silu"
) -> Metadata:
    """The metadata every architecture has, with its own `rope` and, without prefix, `extra`."""
    sizes = read_sizes(config)
    if any(
        config.text(key, activation) != activation for key in ("hidden_act", "hidden_activation")
    ):
        raise variant(architecture, "its activation function")
    values = {
        "block_count": u32(sizes.layers),
        "context_length": u32(_context(config)),
        "embedding_length": u32(sizes.width),
        "feed_forward_length": u32(sizes.inner),
        "attention.head_count": u32(sizes.heads),
        "attention.head_count_kv": u32(sizes.groups),
        "attention.key_length": u32(sizes.head),
        "attention.value_length": u32(sizes.head),
        "attention.layer_norm_rms_epsilon": f32(config.number("rms_norm_eps", 1e-12, 1.0)),
        **extra,
    }
    return {
        "general.architecture": text(architecture),
        **{f"{architecture}.{key}": value for key, value in values.items()},
        **rope,
    }


def _context(config: Config) -> int:
    return config.integer("max_position_embeddings", 1, 1 << 30)


def windowed(config: Config, always: bool = False) -> dict[str, bytes]:
    """For architectures without sliding windows: a context no longer than the model's window.

    Within it every token sees all the others, so that the result is exactly the same.
    always: the window is in use without a use_sliding_window that says so.
    """
    kinds = config.texts("layer_types")
    used = "sliding_attention" in kinds if kinds else config.flag("use_sliding_window", always)
    if not used or not config.has("sliding_window"):
        return {}
    window = config.integer("sliding_window", 1, 1 << 30)
    return {"context_length": u32(min(window, _context(config)))}


def variant(architecture: str, detail: str) -> KnownError:
    """The refusal of a model that differs from what llama.cpp computes."""
    return KnownError(
        f"The model is a variant that llama.cpp's {architecture} does not know: {detail}.",
        "Use a plain model of its kind.",
    )


def one(source: str, name: str, *shape: int) -> Wanted:
    """A weight of a layer that is taken as it is."""
    return Wanted((f"{source}.weight",), f"{name}.weight", shape)


def attention(sizes: Sizes, biases: tuple[str, ...] = (), norms: bool = False) -> list[Wanted]:
    """A layer's attention; biases: of which of q, k, v, o; norms: of queries and keys."""
    queries, keys = sizes.heads * sizes.head, sizes.groups * sizes.head
    result = [
        one("input_layernorm", "attn_norm", sizes.width),
        one("self_attn.q_proj", "attn_q", queries, sizes.width),
        one("self_attn.k_proj", "attn_k", keys, sizes.width),
        one("self_attn.v_proj", "attn_v", keys, sizes.width),
        one("self_attn.o_proj", "attn_output", sizes.width, queries),
    ]
    rows = {"q": queries, "k": keys, "v": keys, "o": sizes.width}
    for letter in biases:
        name = "output" if letter == "o" else letter
        source = f"self_attn.{letter}_proj.bias"
        result.append(Wanted((source,), f"attn_{name}.bias", (rows[letter],)))
    if norms:
        result.append(one("self_attn.q_norm", "attn_q_norm", sizes.head))
        result.append(one("self_attn.k_norm", "attn_k_norm", sizes.head))
    return result


def feed_forward(width: int, inner: int, source: str = "mlp", suffix: str = "") -> list[Wanted]:
    """A gated feed-forward network; suffix: of its names in the file."""
    return [
        one(f"{source}.gate_proj", f"ffn_gate{suffix}", inner, width),
        one(f"{source}.up_proj", f"ffn_up{suffix}", inner, width),
        one(f"{source}.down_proj", f"ffn_down{suffix}", width, inner),
    ]


def model(
    sizes: Sizes, layer: Callable[[int], list[Wanted]], own_output: bool = False
) -> tuple[Wanted, ...]:
    """All tensors; layer: those of a layer by its number, named as within it.

    own_output: llama.cpp does not fall back on the embeddings where there is no output matrix.
    """
    words = (sizes.words, sizes.width)
    tensors = [Wanted(("model.embed_tokens.weight",), "token_embd.weight", words)]
    for index in range(sizes.layers):
        tensors += [_in_layer(index, wanted) for wanted in layer(index)]
    tensors.append(Wanted(("model.norm.weight",), "output_norm.weight", (sizes.width,)))
    if not sizes.tied:
        tensors.append(Wanted(("lm_head.weight",), "output.weight", words))
    elif own_output:
        tensors.append(replace(tensors[0], name="output.weight"))
    return tuple(tensors)


def _in_layer(index: int, wanted: Wanted) -> Wanted:
    sources = tuple(f"model.layers.{index}.{source}" for source in wanted.sources)
    return replace(wanted, sources=sources, name=f"blk.{index}.{wanted.name}")


def superfluous(config: Config, name: str) -> bool:
    """Whether a weight repeats what is said elsewhere: the output matrix of a model that uses its
    embeddings instead, and the rotation frequencies that old versions of transformers stored."""
    spare = name == "lm_head.weight" and config.flag("tie_word_embeddings", False)
    return spare or name.endswith(".rotary_emb.inv_freq")
