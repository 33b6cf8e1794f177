"""Qwen3's forward pass in numpy, written from the architecture's description: the reference."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.model.gguf.header import read_header

Array = NDArray[np.float64]


def load(path: Path) -> tuple[dict[str, Array], dict[str, int]]:
    """Weights as float64, [rows, columns], and the sizes the file gives."""
    header = read_header(path)
    data = path.read_bytes()
    weights = {}
    for one in header.tensors:
        assert one.type.name == "F32"
        flat = np.frombuffer(data, "<f4", one.size // 4, one.offset)
        weights[one.name] = flat.reshape(one.shape[::-1]).astype(np.float64)
    keys = (
        "block_count",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
    )
    return weights, {key: header.number(key, 0) for key in keys}


def norm(x: Array, weight: Array) -> Array:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight


def rotate(x: Array) -> Array:
    """Rotary positions on [tokens, heads, size], base 10^6, halves paired."""
    tokens, _, size = x.shape
    angles = np.arange(tokens)[:, None] / 1e6 ** (np.arange(0, size, 2) / size)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = x[..., : size // 2], x[..., size // 2 :]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def log_probabilities(path: Path, tokens: list[int]) -> Array:
    """Natural-log probabilities of the next token after each prefix, [tokens, words]."""
    table = logits(path, tokens)
    largest = table.max(-1, keepdims=True)
    result: Array = table - np.log(np.exp(table - largest).sum(-1, keepdims=True)) - largest
    return result


def logits(path: Path, tokens: list[int]) -> Array:
    """What the model says of the next token after each prefix, [tokens, words]."""
    result: Array = states(path, tokens) @ load(path)[0]["token_embd.weight"].T
    return result


def states(path: Path, tokens: list[int]) -> Array:
    """The last layer's normed states, [tokens, width]."""
    weights, sizes = load(path)
    heads, groups = sizes["attention.head_count"], sizes["attention.head_count_kv"]
    size, count = sizes["attention.key_length"], len(tokens)
    x = weights["token_embd.weight"][tokens]
    mask = np.triu(np.full((count, count), -np.inf), 1)
    for layer in range(sizes["block_count"]):
        w = {
            name.split(".")[2]: value
            for name, value in weights.items()
            if name.startswith(f"blk.{layer}.")
        }
        h = norm(x, w["attn_norm"])
        q = rotate(norm((h @ w["attn_q"].T).reshape(count, heads, size), w["attn_q_norm"]))
        k = rotate(norm((h @ w["attn_k"].T).reshape(count, groups, size), w["attn_k_norm"]))
        v = (h @ w["attn_v"].T).reshape(count, groups, size)
        k, v = (np.repeat(one, heads // groups, axis=1) for one in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size) + mask
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", scores, v).reshape(count, -1) @ w["attn_output"].T
        h = norm(x, w["ffn_norm"])
        gate = h @ w["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w["ffn_up"].T)) @ w["ffn_down"].T
    result: Array = norm(x, weights["output_norm.weight"])
    return result
