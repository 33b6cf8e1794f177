"""Tiny models of other kinds than attention alone, and adapters; all of random weights."""

from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

WORDS = 400
WIDTH = 64

Parts = dict[str, tuple[int, ...]]


def write(
    make_gguf: ModuleType, path: Path, architecture: str, seed: int = 1, **more: object
) -> Path:
    """A model of this architecture: "mamba" (recurrent), "lfm2" (hybrid), "gemma3" (sliding
    windows of 32 tokens) or "bert" (embeddings). more: keys to write instead of the usual ones."""
    random = np.random.default_rng(seed)
    keys, tensors = {"mamba": _mamba, "lfm2": _lfm2, "gemma3": _gemma3, "bert": _bert}[
        architecture
    ]()
    base = make_gguf.metadata(make_gguf.TINY, f"Tiny {architecture}")
    pairs = {key: value for key, value in base.items() if not key.startswith("qwen3.")}
    pairs["general.architecture"] = architecture
    common = {"context_length": 4096, "embedding_length": WIDTH, "feed_forward_length": 128}
    pairs |= {f"{architecture}.{key}": value for key, value in (common | keys | more).items()}
    if architecture == "bert":
        pairs["tokenizer.ggml.token_type_count"] = 2

    def contents(tensor: tuple[str, tuple[int, ...], str]) -> bytes:
        name, dimensions, kind = tensor
        if name.endswith("ssm_a"):  # negative: states fade
            return (-np.exp(random.standard_normal(dimensions[::-1]))).astype("<f4").tobytes()
        if name.endswith(".bias"):
            return np.zeros(dimensions, "<f4").tobytes()
        if "post_" in name:  # or the layers would change next to nothing
            return np.full(dimensions, 4, "<f4").tobytes()
        data: bytes = make_gguf.tensor_bytes(kind, dimensions, random)
        return data

    make_gguf.write_file(
        path, pairs, [(name, size, "F32") for name, size in tensors.items()], contents
    )
    return path


def _mamba() -> tuple[dict[str, object], Parts]:
    inner, state, rank, kernel = 2 * WIDTH, 8, 4, 4
    keys: dict[str, object] = {
        "block_count": 2,
        "attention.head_count": 0,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "ssm.conv_kernel": kernel,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": rank,
    }
    tensors: Parts = {"token_embd.weight": (WIDTH, WORDS), "output_norm.weight": (WIDTH,)}
    for layer in range(2):
        block = {
            "attn_norm.weight": (WIDTH,),
            "ssm_in.weight": (WIDTH, 2 * inner),
            "ssm_conv1d.weight": (kernel, inner),
            "ssm_conv1d.bias": (inner,),
            "ssm_x.weight": (inner, rank + 2 * state),
            "ssm_dt.weight": (rank, inner),
            "ssm_dt.bias": (inner,),
            "ssm_a": (state, inner),
            "ssm_d": (inner,),
            "ssm_out.weight": (inner, WIDTH),
        }
        tensors |= {f"blk.{layer}.{name}": size for name, size in block.items()}
    return keys, tensors


def _lfm2() -> tuple[dict[str, object], Parts]:
    kernel, heads, groups = 3, 4, 2
    size = WIDTH // heads
    keys: dict[str, object] = {
        "block_count": 2,
        "attention.head_count": heads,
        "attention.head_count_kv": [0, groups],  # the first layer is a convolution
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": 1e6,
        "shortconv.l_cache": kernel,
    }
    tensors: Parts = {"token_embd.weight": (WIDTH, WORDS), "token_embd_norm.weight": (WIDTH,)}
    for layer in range(2):
        block: Parts = {"attn_norm.weight": (WIDTH,)} | _feeding()
        if layer == 0:
            block |= {
                "shortconv.conv.weight": (kernel, WIDTH),
                "shortconv.in_proj.weight": (WIDTH, 3 * WIDTH),
                "shortconv.out_proj.weight": (WIDTH, WIDTH),
            }
        else:
            block |= _attention(heads, groups, size)
        tensors |= {f"blk.{layer}.{name}": one for name, one in block.items()}
    return keys, tensors


def _gemma3() -> tuple[dict[str, object], Parts]:
    heads, groups, size, layers = 4, 2, 16, 6  # every sixth layer sees everything
    keys: dict[str, object] = {
        "block_count": layers,
        "attention.head_count": heads,
        "attention.head_count_kv": groups,
        "attention.key_length": size,
        "attention.value_length": size,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "attention.sliding_window": 32,
        "rope.freq_base": 1e6,
    }
    tensors: Parts = {"token_embd.weight": (WIDTH, WORDS), "output_norm.weight": (WIDTH,)}
    for layer in range(layers):
        block = {
            "attn_norm.weight": (WIDTH,),
            "post_attention_norm.weight": (WIDTH,),
            "post_ffw_norm.weight": (WIDTH,),
            **_feeding(),
            **_attention(heads, groups, size),
        }
        tensors |= {f"blk.{layer}.{name}": one for name, one in block.items()}
    return keys, tensors


def _bert() -> tuple[dict[str, object], Parts]:
    keys: dict[str, object] = {
        "block_count": 2,
        "context_length": 512,
        "attention.head_count": 4,
        "attention.layer_norm_epsilon": 1e-6,
        "attention.causal": False,
        "pooling_type": 1,
    }
    tensors: Parts = {
        "token_embd.weight": (WIDTH, WORDS),
        "position_embd.weight": (WIDTH, 512),
        "token_types.weight": (WIDTH, 2),
        "token_embd_norm.weight": (WIDTH,),
        "token_embd_norm.bias": (WIDTH,),
    }
    for layer in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"blk.{layer}.{name}.weight"] = (WIDTH, WIDTH)
        for name in ("attn_output_norm", "layer_output_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = tensors[f"blk.{layer}.{name}.bias"] = (WIDTH,)
        tensors[f"blk.{layer}.ffn_up.weight"] = (WIDTH, 128)
        tensors[f"blk.{layer}.ffn_down.weight"] = (128, WIDTH)
    return keys, tensors


def _feeding() -> Parts:
    return {
        "ffn_norm.weight": (WIDTH,),
        "ffn_gate.weight": (WIDTH, 128),
        "ffn_up.weight": (WIDTH, 128),
        "ffn_down.weight": (128, WIDTH),
    }


def _attention(heads: int, groups: int, size: int) -> Parts:
    return {
        "attn_q.weight": (WIDTH, heads * size),
        "attn_k.weight": (WIDTH, groups * size),
        "attn_v.weight": (WIDTH, groups * size),
        "attn_output.weight": (heads * size, WIDTH),
        "attn_q_norm.weight": (size,),
        "attn_k_norm.weight": (size,),
    }


RANK, ALPHA = 4, 8.0

Deltas = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


def write_adapter(make_gguf: ModuleType, path: Path, architecture: str = "qwen3") -> Deltas:
    """A LoRA adapter of the tiny model's values and downward weights: its A (rank, columns) and
    B (rows, rank) by weight; what it adds is ALPHA / RANK · B A."""
    random = np.random.default_rng(5)
    shapes = {
        name: size
        for name, size in make_gguf.tensor_shapes(make_gguf.TINY)
        if "attn_v" in name or "ffn_down" in name
    }
    deltas: Deltas = {
        name: (
            random.standard_normal((RANK, columns)).astype("<f4") * np.float32(0.1),
            random.standard_normal((rows, RANK)).astype("<f4") * np.float32(0.1),
        )
        for name, (columns, rows) in shapes.items()
    }
    pairs: dict[str, object] = {
        "general.type": "adapter",
        "general.architecture": architecture,
        "adapter.type": "lora",
        "adapter.lora.alpha": ALPHA,
    }
    data = {f"{name}.lora_a": a for name, (a, _) in deltas.items()}
    data |= {f"{name}.lora_b": b for name, (_, b) in deltas.items()}
    make_gguf.write_file(
        path,
        pairs,
        [(name, array.shape[::-1], "F32") for name, array in data.items()],
        lambda tensor: data[tensor[0]].tobytes(),
    )
    return deltas


def write_merged(make_gguf: ModuleType, path: Path, deltas: Deltas, scale: float) -> Path:
    """The tiny model with the adapter's changes in its own weights."""
    random = np.random.default_rng(1)  # as write_model's

    def contents(tensor: tuple[str, tuple[int, ...], str]) -> bytes:
        name, dimensions, kind = tensor
        data: bytes = make_gguf.tensor_bytes(kind, dimensions, random)
        if name not in deltas:
            return data
        a, b = deltas[name]
        weights = np.frombuffer(data, "<f4").reshape(dimensions[::-1])
        merged = weights + np.float32(scale * ALPHA / RANK) * (b @ a)
        return merged.astype("<f4").tobytes()

    tensors = [(name, size, "F32") for name, size in make_gguf.tensor_shapes(make_gguf.TINY)]
    make_gguf.write_file(path, make_gguf.metadata(make_gguf.TINY, "Merged"), tensors, contents)
    return path
