"""Dense Qwen2 and Qwen2.5: Llama with biases of queries, keys and values.

A checkpoint that uses sliding windows is converted with the window as its context.
"""

from quantize.convert.config import Config
from quantize.convert.family import Family, Wanted
from quantize.convert.parts import (
    attention,
    describe,
    feed_forward,
    model,
    one,
    read_sizes,
    superfluous,
    windowed,
)
from quantize.convert.rope import describe_rope
from quantize.writer import Metadata

ARCHITECTURE = "qwen2"


def _describe(config: Config) -> Metadata:
    rope = describe_rope(config, ARCHITECTURE)
    return describe(ARCHITECTURE, config, rope, windowed(config))


def _tensors(config: Config) -> tuple[Wanted, ...]:
    sizes = read_sizes(config)
    layer = [
        *attention(sizes, ("q", "k", "v")),
        one("post_attention_layernorm", "ffn_norm", sizes.width),
        *feed_forward(sizes.width, sizes.inner),
    ]
    return model(sizes, lambda _: layer)


FAMILY = Family(_describe, _tensors, superfluous)
