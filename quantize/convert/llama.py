"""Llama 2 and 3 and Mistral, which computes the same within its sliding window.

Mistral's first version sees a window of 4,096 tokens; its file says that this is its context.
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
    superfluous,
    windowed,
)
from quantize.convert.rope import describe_rope, llama3_divisors
from quantize.writer import Metadata, u32

ARCHITECTURE = "llama"


def _describe(config: Config) -> Metadata:
    sizes = read_sizes(config)
    extra = {"rope.dimension_count": u32(sizes.head), "vocab_size": u32(sizes.words)}
    return describe(ARCHITECTURE, config, describe_rope(config, ARCHITECTURE), extra)


def _describe_mistral(config: Config) -> Metadata:
    plain = _describe(config)
    shorter = {f"{ARCHITECTURE}.{key}": value for key, value in windowed(config, True).items()}
    return {**plain, **shorter}


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    layer = _layer(config, sizes)
    tensors = model(sizes, lambda _: layer)
    divisors = llama3_divisors(config, sizes.head)
    if divisors:
        shape = (len(divisors),)
        tensors += (Wanted((), "rope_freqs.weight", shape, exact=True, values=divisors),)
    return tensors


def _layer(config: Config, sizes: Sizes) -> list[Wanted]:
    biases = ("q", "k", "v", "o") if config.flag("attention_bias", False) else ()
    layer = [
        *attention(sizes, biases),
        one("post_attention_layernorm", "ffn_norm", sizes.width),
        *feed_forward(sizes.width, sizes.inner),
    ]
    if config.flag("mlp_bias", False):
        layer += [_bias(wanted) for wanted in feed_forward(sizes.width, sizes.inner)]
    heads = {"attn_q": sizes.heads, "attn_k": sizes.groups}
    return [replace(it, heads=heads.get(it.name.split(".")[0], 0)) for it in layer]


def _bias(wanted: Wanted) -> Wanted:
    sources = tuple(name.replace(".weight", ".bias") for name in wanted.sources)
    return Wanted(sources, wanted.name.replace(".weight", ".bias"), wanted.shape[:1])


FAMILY = Family(_describe, _tensors, superfluous)
MISTRAL = Family(_describe_mistral, _tensors, superfluous)
