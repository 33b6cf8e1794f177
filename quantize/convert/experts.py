"""Mixtures of experts: many small networks, stacked into three large tensors.

Checkpoints hold each expert's matrices by themselves or, as transformers 5 has them in memory, in
one tensor; since the numbers lie in the same order in both, the latter is read as the former.
"""

from dataclasses import replace

from engine.core.errors import KnownError
from quantize.convert.config import Config
from quantize.convert.family import Wanted
from quantize.convert.parts import MAX_WIDTH, one, variant
from quantize.jsonfile import FETCH_AGAIN
from quantize.weights import Weight
from quantize.writer import u32

MAX_EXPERTS = 512  # llama.cpp's own limit
_FUSED = {".experts.gate_up_proj": ("gate_proj", "up_proj"), ".experts.down_proj": ("down_proj",)}


def describe_experts(config: Config, counts: tuple[str, ...]) -> dict[str, bytes]:
    """Number and size of the routed experts; counts: names of the number in config.json."""
    inner = config.integer("moe_intermediate_size", 1, MAX_WIDTH)
    number = count(config, counts)
    return {
        "expert_count": u32(number),
        "expert_used_count": u32(config.integer("num_experts_per_tok", 1, number)),
        "expert_feed_forward_length": u32(inner),
    }


def count(config: Config, names: tuple[str, ...]) -> int:
    """How many experts there are; names: what config.json may call that."""
    name = next((name for name in names if config.has(name)), names[0])
    return config.integer(name, 1, MAX_EXPERTS)


def require_everywhere(config: Config, architecture: str) -> None:
    """Raise KnownError if some layers have an ordinary network instead of experts."""
    step = config.has("decoder_sparse_step") and config.integer("decoder_sparse_step", 0, 512)
    if step not in (False, 1) or config.is_set("mlp_only_layers"):
        raise variant(architecture, "layers without experts among others with them")


def routed(config: Config, width: int, counts: tuple[str, ...]) -> list[Wanted]:
    """A layer's router and experts."""
    number = count(config, counts)
    inner = config.integer("moe_intermediate_size", 1, MAX_WIDTH)
    router = replace(one("mlp.gate", "ffn_gate_inp", number, width), exact=True)
    return [
        router,
        _stack("gate", (number, inner, width)),
        _stack("up", (number, inner, width)),
        _stack("down", (number, width, inner)),
    ]


def _stack(matrix: str, shape: tuple[int, int, int]) -> Wanted:
    sources = tuple(f"mlp.experts.{index}.{matrix}_proj.weight" for index in range(shape[0]))
    return Wanted(sources, f"ffn_{matrix}_exps.weight", shape)


def separated(weights: dict[str, Weight]) -> dict[str, Weight]:
    """The weights with every fused tensor of experts as the matrices it consists of."""
    result: dict[str, Weight] = {}
    for name, weight in weights.items():
        fused = next((end for end in _FUSED if name.endswith(end)), None)
        if fused and len(weight.shape) == 3 and 0 < weight.shape[0] <= MAX_EXPERTS:
            found = _matrices(name.removesuffix(fused), weight, _FUSED[fused])
        else:
            found = {name: weight}
        if result.keys() & found.keys():
            raise KnownError("The model's experts are there twice.", FETCH_AGAIN)
        result |= found
    return result


def _matrices(prefix: str, weight: Weight, parts: tuple[str, ...]) -> dict[str, Weight]:
    experts, rows, columns = weight.shape
    shape = (rows // len(parts), columns)
    if rows % len(parts):
        raise KnownError("The model's experts have halves of unequal size.", FETCH_AGAIN)
    size = weight.size // experts // len(parts)
    names = [f"{prefix}.experts.{e}.{part}.weight" for e in range(experts) for part in parts]
    return {
        name: replace(weight, shape=shape, offset=weight.offset + index * size, size=size)
        for index, name in enumerate(names)
    }
