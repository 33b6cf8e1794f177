"""Makes Qwen3 GGUF files with random weights: a tiny one for tests, real shapes for speed.

    python benchmarks/make_gguf.py tiny tiny.gguf
    python benchmarks/make_gguf.py qwen3-0.6b speed.gguf --type Q4_0
    python benchmarks/make_gguf.py qwen3-4b big.gguf

The same arguments give the same bytes. Speed does not depend on the weights' values.
"""

import argparse
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ALIGNMENT = 32
TYPE_IDS = {"F32": 0, "Q4_0": 2, "Q8_0": 8, "Q4_K": 12, "Q6_K": 14}
# Weights in a block, its bytes, and where its half-precision scales are.
BLOCKS = {
    "Q4_0": (32, 18, (0,)),
    "Q8_0": (32, 34, (0,)),
    "Q4_K": (256, 144, (0, 2)),
    "Q6_K": (256, 210, (208,)),
}
SCALES = {"Q4_0": 0.006, "Q8_0": 0.0004, "Q4_K": 0.0001, "Q6_K": 0.00001}
SPECIALS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)
CONTROLS = 3  # the first of SPECIALS never appear as text
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a Qwen3 model; `type` is that of the matrices, embeddings included
    (Q4_0 models keep Q8_0 embeddings; Q4_K_M is llama.cpp's mixture of Q4_K and Q6_K)."""

    vocab: int
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    context: int
    type: str


TINY = Shape(400, 2, 64, 4, 2, 32, 128, 4096, "F32")
QWEN3_06B = Shape(151_936, 28, 1024, 16, 8, 128, 3072, 40_960, "Q4_0")
QWEN3_4B = Shape(151_936, 36, 2560, 32, 8, 128, 9728, 40_960, "Q4_K_M")


def byte_characters() -> list[str]:
    """The characters that stand for bytes 0…255 in byte-level BPE (GPT-2's mapping)."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def vocabulary(size: int) -> tuple[list[str], list[str]]:
    """Words and merges of a complete byte-level vocabulary of `size` words, specials last.

    Every merged word is an earlier word plus one byte; one 96-byte word is among the first.
    """
    characters = byte_characters()
    letters = [characters[byte] for byte in (*range(0x61, 0x7B), 0x20, *range(0x30, 0x3A))]
    words = list(characters)
    merges: list[str] = []
    spaces = characters[0x20]
    while len(spaces) < 96:
        merges.append(f"{spaces} {spaces}" if len(spaces) < 64 else f"{spaces} {spaces[:32]}")
        spaces = merges[-1].replace(" ", "")
        words.append(spaces)
    known = set(words)
    source = 0
    while len(words) < size - len(SPECIALS):
        left = words[0x61 + source] if source < 26 else words[256 + source - 26]
        source += 1
        for letter in letters:
            if left + letter not in known and len(words) < size - len(SPECIALS):
                words.append(left + letter)
                known.add(left + letter)
                merges.append(f"{left} {letter}")
    return words + list(SPECIALS), merges


def metadata(shape: Shape, name: str) -> dict[str, object]:
    """The key-value part of the file."""
    words, merges = vocabulary(shape.vocab)
    first_special = len(words) - len(SPECIALS)
    kinds = [NORMAL] * first_special + [CONTROL] * CONTROLS
    kinds += [USER_DEFINED] * (len(words) - len(kinds))
    return {
        "general.architecture": "qwen3",
        "general.name": name,
        "general.alignment": ALIGNMENT,
        "qwen3.block_count": shape.layers,
        "qwen3.context_length": shape.context,
        "qwen3.embedding_length": shape.hidden,
        "qwen3.feed_forward_length": shape.ffn,
        "qwen3.attention.head_count": shape.heads,
        "qwen3.attention.head_count_kv": shape.kv_heads,
        "qwen3.attention.key_length": shape.head_dim,
        "qwen3.attention.value_length": shape.head_dim,
        "qwen3.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen3.rope.freq_base": 1e6,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.eos_token_id": first_special + 2,
        "tokenizer.ggml.padding_token_id": first_special,
        "tokenizer.ggml.add_bos_token": False,
    }


def tensor_shapes(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor's name and dimensions, fastest first."""
    wide, narrow = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    yield "token_embd.weight", (shape.hidden, shape.vocab)
    yield "output_norm.weight", (shape.hidden,)
    for layer in range(shape.layers):
        for part, dimensions in (
            ("attn_norm", (shape.hidden,)),
            ("attn_q", (shape.hidden, wide)),
            ("attn_k", (shape.hidden, narrow)),
            ("attn_v", (shape.hidden, narrow)),
            ("attn_output", (wide, shape.hidden)),
            ("attn_q_norm", (shape.head_dim,)),
            ("attn_k_norm", (shape.head_dim,)),
            ("ffn_norm", (shape.hidden,)),
            ("ffn_gate", (shape.hidden, shape.ffn)),
            ("ffn_up", (shape.hidden, shape.ffn)),
            ("ffn_down", (shape.ffn, shape.hidden)),
        ):
            yield f"blk.{layer}.{part}.weight", dimensions


def tensor_type(name: str, dimensions: tuple[int, ...], shape: Shape) -> str:
    """Vectors stay F32; a Q4_0 model keeps its embeddings in Q8_0; Q4_K_M keeps the embeddings
    and, in the outer eighths and every third layer between, values and ffn_down in Q6_K."""
    if len(dimensions) == 1:
        return "F32"
    if shape.type == "Q4_0" and name == "token_embd.weight":
        return "Q8_0"
    if shape.type != "Q4_K_M":
        return shape.type
    if name == "token_embd.weight":
        return "Q6_K"
    layer, eighth = int(name.split(".")[1]), shape.layers // 8
    outer = layer < eighth or layer >= 7 * shape.layers // 8 or (layer - eighth) % 3 == 2
    return "Q6_K" if outer and ("attn_v" in name or "ffn_down" in name) else "Q4_K"


def tensor_bytes(kind: str, dimensions: tuple[int, ...], random: np.random.Generator) -> bytes:
    """Random contents with values of about the size trained weights have."""
    count = int(np.prod(dimensions))
    if len(dimensions) == 1:
        return np.ones(count, np.float32).tobytes()
    if kind == "F32":
        return (random.standard_normal(count, np.float32) * 0.2).tobytes()
    weights, size, scales = BLOCKS[kind]
    blocks = random.integers(0, 256, (count // weights, size), np.uint8)
    for at in scales:
        values = random.uniform(0.5, 1.5, count // weights).astype(np.float32) * SCALES[kind]
        blocks[:, at : at + 2] = values.astype("<f2").view(np.uint8).reshape(-1, 2)
    return blocks.tobytes()


def tensor_size(kind: str, dimensions: tuple[int, ...]) -> int:
    """Bytes of a tensor."""
    count = int(np.prod(dimensions))
    if kind == "F32":
        return 4 * count
    weights, size, _ = BLOCKS[kind]
    return count // weights * size


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def encode_value(value: object) -> bytes:
    """A metadata value with its type: bool, int (u32), float (f32), str or a list of those."""
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    assert isinstance(value, list)
    if isinstance(value[0], str):
        body = b"".join(_text(item) for item in value)
        return struct.pack("<IIQ", 9, 8, len(value)) + body
    return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


Tensor = tuple[str, tuple[int, ...], str]
"""A tensor's name, dimensions (fastest first) and type."""


def write_file(
    path: Path,
    pairs: dict[str, object],
    tensors: list[Tensor],
    contents: Callable[[Tensor], bytes],
) -> None:
    """Write a GGUF file of these metadata and tensors; contents: of a tensor."""
    header = [struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(pairs))]
    header += [_text(key) + encode_value(value) for key, value in pairs.items()]
    offset = 0
    for key, dimensions, kind in tensors:
        header.append(
            _text(key) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
        )
        header.append(struct.pack("<IQ", TYPE_IDS[kind], offset))
        offset += -(-tensor_size(kind, dimensions) // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as file:
        file.write(b"".join(header))
        for tensor in tensors:
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            file.write(contents(tensor))


def write_model(path: Path, shape: Shape, name: str, seed: int = 1) -> None:
    """Write the model file; the same arguments give the same bytes."""
    random = np.random.default_rng(seed)
    tensors = [
        (key, dimensions, tensor_type(key, dimensions, shape))
        for key, dimensions in tensor_shapes(shape)
    ]
    write_file(
        path,
        metadata(shape, name),
        tensors,
        lambda tensor: tensor_bytes(tensor[2], tensor[1], random),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=("tiny", "qwen3-0.6b", "qwen3-4b"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--type", choices=("Q4_0", "Q8_0"), default="Q4_0", help="0.6B only")
    arguments = parser.parse_args()
    if arguments.shape == "tiny":
        write_model(arguments.path, TINY, "Tiny random Qwen3")
        return
    if arguments.shape == "qwen3-4b":
        write_model(arguments.path, QWEN3_4B, "Random Qwen3-4B Q4_K_M")
        return
    fields = {name: getattr(QWEN3_06B, name) for name in Shape.__slots__} | {"type": arguments.type}
    write_model(arguments.path, Shape(**fields), f"Random Qwen3-0.6B {arguments.type}")


if __name__ == "__main__":
    main()
