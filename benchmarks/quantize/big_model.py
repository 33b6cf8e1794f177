"""A folder with a random model of Qwen3's shape, written by numpy alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

SHARD = 4 << 30  # bytes
POOL = 1 << 26  # different numbers
TOKENS = 151_643  # of Qwen3's vocabulary, without the added ones
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Shape:
    """Sizes in elements; the embeddings are the output matrix."""

    layers: int = 36
    width: int = 2560
    heads: int = 32
    groups: int = 8
    inner: int = 9728
    words: int = 151_936
    head: int = 128

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name → shape."""
        queries, keys = self.heads * self.head, self.groups * self.head
        layer = {
            "input_layernorm": (self.width,),
            "mlp.down_proj": (self.width, self.inner),
            "mlp.gate_proj": (self.inner, self.width),
            "mlp.up_proj": (self.inner, self.width),
            "post_attention_layernorm": (self.width,),
            "self_attn.k_norm": (self.head,),
            "self_attn.k_proj": (keys, self.width),
            "self_attn.o_proj": (self.width, queries),
            "self_attn.q_norm": (self.head,),
            "self_attn.q_proj": (queries, self.width),
            "self_attn.v_proj": (keys, self.width),
        }
        return {
            "model.embed_tokens.weight": (self.words, self.width),
            **{
                f"model.layers.{index}.{name}.weight": shape
                for index in range(self.layers)
                for name, shape in layer.items()
            },
            "model.norm.weight": (self.width,),
        }

    def config(self) -> dict[str, object]:
        """config.json, as Qwen3-4B's with these sizes."""
        return {
            "architectures": ["Qwen3ForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": self.words - 1,
            "eos_token_id": self.words - 2,
            "head_dim": self.head,
            "hidden_act": "silu",
            "hidden_size": self.width,
            "initializer_range": 0.02,
            "intermediate_size": self.inner,
            "max_position_embeddings": 40960,
            "max_window_layers": self.layers,
            "model_type": "qwen3",
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "num_key_value_heads": self.groups,
            "rms_norm_eps": 1e-06,
            "rope_scaling": None,
            "rope_theta": 1000000,
            "sliding_window": None,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "use_sliding_window": False,
            "vocab_size": self.words,
        }


def write_model(folder: Path, shape: Shape) -> int:
    """Weights drawn at random places of a pool of normal numbers, and config.json.

    Returns the bytes of the weights.
    """
    chance = np.random.default_rng(1)
    values = chance.standard_normal(POOL, np.float32) * np.float32(0.02)
    pool = (values.view(np.uint32) >> 16).astype("<u2")
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    size = 0
    for name, sizes in shape.tensors().items():
        if size > SHARD:
            shards.append({})
            size = 0
        shards[-1][name] = sizes
        size += 2 * prod(sizes)
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        places |= dict.fromkeys(shard, file)
        _write_shard(folder / file, shard, pool, chance)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(shape.config()))
    return sum(2 * prod(sizes) for shard in shards for sizes in shard.values())


def _write_shard(
    path: Path,
    shard: dict[str, tuple[int, ...]],
    pool: "np.ndarray[tuple[int], np.dtype[np.uint16]]",
    chance: np.random.Generator,
) -> None:
    entries, offset = {}, 0
    for name, sizes in shard.items():
        end = offset + 2 * prod(sizes)
        entries[name] = {"dtype": "BF16", "shape": sizes, "data_offsets": [offset, end]}
        offset = end
    head = json.dumps(entries).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for sizes in shard.values():
            left = prod(sizes)
            while left:
                start = int(chance.integers(0, POOL - 1))
                part = pool[start : start + left]
                file.write(part.tobytes())
                left -= len(part)


def _words() -> Iterator[tuple[str, str]]:
    """Merges that make all words of two letters, of three, of four…"""
    for length in (2, 3, 4):
        for letters in product(LETTERS, repeat=length):
            yield "".join(letters[:-1]), letters[-1]


def enlarge(path: Path) -> None:
    """Give a byte-level tokenizer.json as many tokens as Qwen3's, all of them reachable."""
    content = json.loads(path.read_text())
    alphabet = sorted(word for word in content["model"]["vocab"] if len(word) == 1)
    merges = list(islice(_words(), TOKENS - len(alphabet)))
    words = [*alphabet, *("".join(pair) for pair in merges)]
    content["model"]["vocab"] = {word: number for number, word in enumerate(words)}
    content["model"]["merges"] = merges
    for number, token in enumerate(content["added_tokens"], TOKENS):
        token["id"] = number
    path.write_text(json.dumps(content))
    assert Tokenizer.from_file(str(path)).get_vocab_size() == TOKENS + len(content["added_tokens"])
