"""How much memory a model needs, and whether there is as much.

Every part was checked against what llama.cpp allocates; see docs/model.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

from engine.model.fit.layers import Layer, layer_count, layers_of, number, per_layer
from engine.model.fit.machine import available_memory, default_threads
from engine.model.gguf.header import ArrayInfo, GgufHeader, TensorInfo

__all__ = [
    "BATCH",
    "CONTEXT_STEP",
    "MemoryEstimate",
    "Settings",
    "available_memory",
    "context_table",
    "default_threads",
    "layers_on_gpu",
    "least_held",
    "memory_needed",
]

PROCESS_BYTES = 48 << 20  # Python, numpy and the library
WORD_BYTES = 192  # a word with its entries in the library's tables
RULE_BYTES = 144  # a merge
BATCH = 256  # prompt tokens per decoding step
OUTPUT_ROWS = 32  # tokens of a step whose probabilities are wanted
CONTEXT_STEP = 256  # llama.cpp rounds contexts up to this
RESERVE = 1 << 30  # for the window, a browser and what the system likes to keep
GPU_RESERVE = 512 << 20  # for the screen and the driver
SMALLEST_CONTEXT = 1024
# Bytes of so many numbers.
_KV_TYPES = {"f16": (2, 1), "q8_0": (34, 32), "q4_0": (18, 32)}
# Types that are stored a second time in the layout the processor's kernels want.
_REPACKED = {"Q4_0", "Q4_K", "IQ4_NL", "MXFP4", "Q2_K"}

KvType = Literal["f16", "q8_0", "q4_0"]


class Settings(TypedDict, total=False):
    """How a model is run; see memory_needed."""

    batch: int
    flash: bool
    flash_until: int
    kv_type: str
    mmap: bool
    repack: bool
    sequences: int
    gpu_layers: int


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes a loaded model occupies.

    weights: the tensors; copies: those of them that are kept a second time, the file's own then
    being free to leave memory; kv: the context; compute: scratch space; process: the rest;
    gpu: what lies on the graphics card, which the others do not count.
    """

    weights: int
    copies: int
    kv: int
    compute: int
    process: int
    gpu: int = 0

    @property
    def total(self) -> int:
        """What has to be free in main memory for the model to run well."""
        return self.weights + self.kv + self.compute + self.process


def memory_needed(
    header: GgufHeader,
    n_ctx: int,
    batch: int = BATCH,
    *,
    flash: bool = False,
    flash_until: int = 0,
    kv_type: str = "f16",
    mmap: bool = True,
    repack: bool = True,
    sequences: int = 1,
    gpu_layers: int = 0,
) -> MemoryEstimate:
    """Estimate for a context of n_ctx tokens and prompt steps of `batch` tokens.

    flash: flash attention; flash_until: tokens of a small context with it, beside the other;
    kv_type: "f16", "q8_0" or "q4_0"; mmap: the file is mapped; repack: weights may be kept in the
    processor's layout; sequences: conversations that share the context; gpu_layers: how many
    layers lie on the graphics card, the output counting as the first and the last layers
    following it.
    """
    n_ctx = -(-n_ctx // CONTEXT_STEP) * CONTEXT_STEP
    layers = layers_of(header)
    away = max(0, min(gpu_layers, len(layers) + 1))
    first_away = len(layers) + 1 - away
    kept = [_kept(layer, n_ctx, batch, kv_type, sequences) for layer in layers]
    weights, copies, there = _weights(header, len(layers), first_away)
    kv = sum(kept[:first_away])
    compute = _compute(header, n_ctx, batch, flash)
    scratch = compute if away <= len(layers) else compute // 8
    scratch += sequences * _vocabulary(header) * 4
    if flash_until:
        beside = memory_needed(header, flash_until, batch, flash=True, sequences=sequences)
        kv, scratch = kv + beside.kv, scratch + beside.compute
    return MemoryEstimate(
        weights=weights,
        copies=copies if mmap and repack else 0,
        kv=kv,
        compute=scratch,
        process=PROCESS_BYTES + _tables(header),
        gpu=there + sum(kept[first_away:]) + compute if away else 0,
    )


def context_table(
    header: GgufHeader, contexts: Iterable[int] | None = None, **settings: Unpack[Settings]
) -> list[tuple[int, MemoryEstimate]]:
    """What the context costs: estimates for contexts that double up to the model's own."""
    if contexts is None:
        most = max(number(header, "context_length", SMALLEST_CONTEXT), 1)
        contexts = {SMALLEST_CONTEXT << step for step in range(22)} | {most}
        contexts = sorted(n_ctx for n_ctx in contexts if n_ctx <= most)
    return [(n_ctx, memory_needed(header, n_ctx, **settings)) for n_ctx in contexts]


def layers_on_gpu(
    header: GgufHeader, n_ctx: int, free_vram: int, **settings: Unpack[Settings]
) -> int:
    """How many layers, the output being one, fit into `free_vram` bytes of graphics memory."""
    fitting, over = 0, layer_count(header) + 2
    while over - fitting > 1:
        middle = (fitting + over) // 2
        tried: Settings = {**settings, "gpu_layers": middle}
        if memory_needed(header, n_ctx, **tried).gpu + GPU_RESERVE <= free_vram:
            fitting = middle
        else:
            over = middle
    return fitting


def least_held(estimate: MemoryEstimate, mmap: bool) -> int:
    """Bytes of its own that a process with a fresh model should hold by this estimate.

    What it maps is not its own (of the model, and the libraries, which are half of a process), and
    scratch space is not touched before it answers.
    """
    mapped = PROCESS_BYTES // 2 + (estimate.weights - estimate.copies if mmap else 0)
    return estimate.weights + estimate.kv + estimate.process - mapped


def _kept(layer: Layer, n_ctx: int, batch: int, kv_type: str, sequences: int) -> int:
    """Bytes a layer keeps: of all tokens or of its window's, and its state of each sequence."""
    tokens = n_ctx
    if layer.window:
        seen = layer.window * sequences + batch
        tokens = min(n_ctx, -(-seen // CONTEXT_STEP) * CONTEXT_STEP)
    size, count = _KV_TYPES[kv_type]
    return tokens * (layer.keys + layer.values) * size // count + sequences * layer.state


def _weights(header: GgufHeader, layers: int, first_away: int) -> tuple[int, int, int]:
    """Bytes in main memory, those of them that would be kept twice, and bytes on the card."""
    sizes = {tensor.name: tensor.size for tensor in header.tensors}
    total = sum(sizes.values())
    if not any(name.startswith("blk.") for name in sizes):  # known by its size alone
        there = total * (layers + 1 - first_away) // (layers + 1)
        return total - there, 0, there
    here = copies = there = 0
    for tensor in header.tensors:
        if _layer_of(tensor.name, layers) >= first_away:
            there += tensor.size
            continue
        here += tensor.size
        copies += tensor.size if _is_repacked(tensor) else 0
    if first_away <= layers and "output.weight" not in sizes:
        there += sizes.get("token_embd.weight", 0)  # it is the output as well
    return here, copies, there


def _layer_of(name: str, layers: int) -> int:
    """A tensor's layer: the output's is the one behind the last; -1 for what is always here."""
    part, _, rest = name.partition(".")
    index = rest.partition(".")[0]
    if part == "blk" and index.isdecimal() and index.isascii():
        return min(int(index), layers)
    return layers if part.startswith("output") else -1


def _compute(header: GgufHeader, n_ctx: int, batch: int, flash: bool) -> int:
    """Scratch space: that of the widest step, attention, feed-forward or output.

    Attention scores are batch × n_ctx × (heads + 1 for the mask) floats; flash attention needs
    the mask only, in half precision. The activations were read off llama.cpp's own figures.
    """
    layers = layer_count(header)
    width = number(header, "embedding_length", 1)
    heads = max(per_layer(header, "attention.head_count", layers, 1))
    key = number(header, "attention.key_length", width // max(heads, 1))
    ffn = max(per_layer(header, "feed_forward_length", layers, 4 * width))
    experts = number(header, "expert_used_count", 0)
    ffn = max(ffn, experts * number(header, "expert_feed_forward_length", 0))
    queries = heads * key
    feeding = batch * (3 * width + 3 * ffn + max(queries, width)) * 4
    if flash:
        attention = batch * n_ctx * 2
        return max(attention + feeding, _output(header, width))
    attention = batch * (n_ctx * (heads + 1) + 3 * width + 4 * queries) * 4
    return max(attention, feeding, _output(header, width))


def _output(header: GgufHeader, width: int) -> int:
    return OUTPUT_ROWS * (_vocabulary(header) + 8 * width) * 4


def _vocabulary(header: GgufHeader) -> int:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return tokens.count if isinstance(tokens, ArrayInfo) else 0


def _tables(header: GgufHeader) -> int:
    """What the library builds of the vocabulary."""
    merges = header.metadata.get("tokenizer.ggml.merges")
    rules = merges.count if isinstance(merges, ArrayInfo) else 0
    return WORD_BYTES * _vocabulary(header) + RULE_BYTES * rules


def _is_repacked(tensor: TensorInfo) -> bool:
    return (
        tensor.type.name in _REPACKED
        and len(tensor.shape) > 1
        and not tensor.name.startswith("token_embd")
    )
