"""Gemma 2 and Gemma 3 (text): sliding windows in some layers, norms before and after each part.

Checkpoints hold the norms' weights less 1, files hold them whole. Embeddings are scaled in
llama.cpp, which knows the scale of attention by the model's size only.
"""

from dataclasses import replace

from quantize.convert.config import Config
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    Sizes,
    attention,
    describe,
    feed_forward,
    model,
    one,
    read_sizes,
    variant,
)
from quantize.convert.rope import describe_rope, scaling
from quantize.writer import Metadata, f32, flags, u32

_ACTIVATION = "gelu_pytorch_tanh"
_ROPE = "rope_parameters"
_LARGEST = {"gemma2": 46, "gemma3": 62}  # layers of the models whose heads share the whole width
_PERIODS = {"gemma2": 2, "gemma3": 6}  # of every so many layers the last sees the whole context
_NEAR_BASE = 10_000.0  # of positions in layers with windows; llama.cpp assumes it, too


def _describe2(config: Config) -> Metadata:
    if not _sizes(config).tied:
        raise variant("gemma2", "an output matrix of its own")
    cap = config.number("attn_logit_softcapping", 1e-3, 1e6)
    last = config.number("final_logit_softcapping", 1e-3, 1e6)
    extra = {"attn_logit_softcapping": f32(cap), "final_logit_softcapping": f32(last)}
    return _describe("gemma2", config, describe_rope(config, "gemma2"), extra)


def _describe3(config: Config) -> Metadata:
    if config.is_set("attn_logit_softcapping"):
        raise variant("gemma3", "bounds of its attention")
    extra = {}
    if config.has("final_logit_softcapping"):
        cap = config.number("final_logit_softcapping", 1e-3, 1e6)
        extra["final_logit_softcapping"] = f32(cap)
    far = config
    if config.within(_ROPE).has("full_attention"):
        far, near = (config.narrowed(_ROPE, f"{kind}_attention") for kind in ("full", "sliding"))
        base = near.within(_ROPE).number("rope_theta", 1.0, 1e12)
        if scaling(near) != "default":
            raise variant("gemma3", "scaled positions in layers with windows")
    else:
        config.number("rope_theta", 1.0, 1e12)  # llama.cpp's usual one is not Gemma 3's
        key = "rope_local_base_freq"
        base = config.number(key, 1.0, 1e12) if config.has(key) else _NEAR_BASE
    extra["rope.freq_base_swa"] = f32(base)
    return _describe("gemma3", config, describe_rope(far, "gemma3"), extra)


def _describe(
    architecture: str, config: Config, rope: Metadata, extra: dict[str, bytes]
) -> Metadata:
    sizes = _sizes(config)
    if config.flag("attention_bias", False):
        raise variant(architecture, "biases in its attention")
    if config.flag("use_bidirectional_attention", False):
        raise variant(architecture, "attention to tokens that follow")
    shared = sizes.layers == _LARGEST[architecture]
    scale = sizes.width // sizes.heads if shared else sizes.head
    if config.number("query_pre_attn_scalar", 1e-3, 1e6) != scale:
        raise variant(architecture, "another scale of its attention")
    windows = _windows(architecture, config, sizes)
    if any(windows) or architecture == "gemma2":
        extra["attention.sliding_window"] = u32(config.integer("sliding_window", 1, 1 << 30))
        if windows != _usual(architecture, sizes):
            extra["attention.sliding_window_pattern"] = flags(windows)
    return describe(architecture, config, rope, extra, _ACTIVATION)


def _windows(architecture: str, config: Config, sizes: Sizes) -> tuple[bool, ...]:
    """For each layer whether it sees a sliding window only."""
    kinds = config.texts("layer_types")
    if not kinds:  # as Gemma was published
        period = _PERIODS[architecture]
        if config.has("sliding_window_pattern"):
            period = config.integer("sliding_window_pattern", 1, 1 << 16)
        return _usual(architecture, sizes, period)
    if len(kinds) != sizes.layers or not set(kinds) <= {"full_attention", "sliding_attention"}:
        raise variant(architecture, "layers of other kinds")
    return tuple(kind == "sliding_attention" for kind in kinds)


def _usual(architecture: str, sizes: Sizes, period: int = 0) -> tuple[bool, ...]:
    period = period or _PERIODS[architecture]
    return tuple(bool((index + 1) % period) for index in range(sizes.layers))


def _sizes(config: Config) -> Sizes:
    return replace(read_sizes(config), tied=config.flag("tie_word_embeddings", True))


def _tensors(config: Config, norms: bool) -> tuple[Wanted, ...]:
    sizes = _sizes(config)
    layer = [
        *attention(sizes, norms=norms),
        one("post_attention_layernorm", "post_attention_norm", sizes.width),
        one("pre_feedforward_layernorm", "ffn_norm", sizes.width),
        *feed_forward(sizes.width, sizes.inner),
        one("post_feedforward_layernorm", "post_ffw_norm", sizes.width),
    ]
    tensors = model(sizes, lambda _: layer)
    return tuple(replace(it, plus=1.0) if len(it.shape) == 1 else it for it in tensors)


def _superfluous(config: Config, name: str) -> bool:
    """The output matrix of a model that uses its embeddings."""
    return name == "lm_head.weight" and _sizes(config).tied


GEMMA2 = Family(_describe2, lambda config: _tensors(config, norms=False), _superfluous)
GEMMA3 = Family(_describe3, lambda config: _tensors(config, norms=True), _superfluous)
