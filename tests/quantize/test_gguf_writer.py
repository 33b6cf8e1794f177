"""The writer's files are what the format says and what the reader reads."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.model.gguf.header import ArrayInfo, read_header
from quantize.numbers import decode, encode
from quantize.writer import (
    Tensor,
    f32,
    flag,
    header,
    integers,
    text,
    texts,
    total_size,
    u32,
    write_gguf,
)


def _tensor(name: str, values: np.ndarray, size: int = 7) -> Tensor:
    data = values.astype("<f4").tobytes()
    return Tensor(
        name,
        values.shape,
        "F32",
        lambda: (data[start : start + size] for start in range(0, len(data), size)),
    )


def test_bytes_of_a_small_file() -> None:
    """Assembled by hand from the format's description."""
    file = BytesIO()
    tensor = _tensor("w", np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    write_gguf(file, {"k": u32(9)}, [tensor], lambda *_: None)
    expected = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    expected += struct.pack("<Q", 1) + b"k" + struct.pack("<II", 4, 9)
    expected += struct.pack("<Q", 1) + b"w" + struct.pack("<IQQIQ", 2, 3, 2, 0, 0)
    expected = expected.ljust(96, b"\0") + struct.pack("<6f", 1, 2, 3, 4, 5, 6) + bytes(8)
    assert file.getvalue() == expected
    assert total_size({"k": u32(9)}, [tensor]) == len(expected)


def test_the_reader_reads_it_back(tmp_path: Path) -> None:
    metadata = {
        "general.architecture": text("qwen3"),
        "qwen3.block_count": u32(2),
        "qwen3.context_length": u32(64),
        "qwen3.embedding_length": u32(4),
        "qwen3.rope.freq_base": f32(1e6),
        "tokenizer.ggml.model": text("other"),
        "tokenizer.ggml.tokens": texts(["a", "ü", "漢"]),
        "tokenizer.ggml.token_type": integers([1, -1, 3]),
        "general.tags": texts(["a", "ü", "漢"]),
        "qwen3.numbers": integers([1, -1, 3]),
        "tokenizer.ggml.add_bos_token": flag(False),
    }
    weights = np.arange(12.0).reshape(3, 4)
    tensors = [_tensor("token_embd.weight", weights), _tensor("x", np.arange(5.0))]
    path = tmp_path / "x.gguf"
    with open(path, "wb") as file:
        write_gguf(file, metadata, tensors, lambda *_: None)
    found = read_header(path)
    vocabulary = {
        key: (value.kind, value.count)
        for key, value in found.metadata.items()
        if isinstance(value, ArrayInfo)
    }
    assert vocabulary == {"tokenizer.ggml.tokens": (8, 3), "tokenizer.ggml.token_type": (5, 3)}
    assert {key: found.metadata[key] for key in found.metadata if key not in vocabulary} == {
        "general.architecture": "qwen3",
        "qwen3.block_count": 2,
        "qwen3.context_length": 64,
        "qwen3.embedding_length": 4,
        "qwen3.rope.freq_base": 1e6,
        "tokenizer.ggml.model": "other",
        "general.tags": ("a", "ü", "漢"),
        "qwen3.numbers": (1, -1, 3),
        "tokenizer.ggml.add_bos_token": False,
    }
    embeddings = found.tensors[0]
    assert embeddings.shape == (4, 3)
    data = path.read_bytes()[embeddings.offset : embeddings.offset + embeddings.size]
    assert (np.frombuffer(data, "<f4").reshape(3, 4) == weights).all()
    assert found.size == total_size(metadata, tensors)


def test_a_tensor_of_the_wrong_length_is_a_bug() -> None:
    tensor = Tensor("w", (2, 2), "F32", lambda: iter([b"1234"]))
    with pytest.raises(ValueError, match="4 bytes instead of 16"):
        write_gguf(BytesIO(), {}, [tensor], lambda *_: None)


def test_the_header_ends_aligned() -> None:
    for length in range(40):
        assert len(header({"k" * (length + 1): u32(1)}, [])) % 32 == 0


@given(st.lists(st.floats(-(2.0**127), 2.0**127, width=32)))
def test_bf16_rounds_as_torch_does(numbers: list[float]) -> None:
    import torch

    values = np.array(numbers, np.float32)
    expected = torch.from_numpy(values).bfloat16()
    assert encode(values, "BF16") == expected.view(torch.int16).numpy().tobytes()
    assert (decode(encode(values, "BF16"), "BF16") == expected.float().numpy()).all()


def test_numbers_beyond_a_kind_are_refused() -> None:
    for kind, largest, beyond in (("F16", 65504.0, 65520.0), ("BF16", 3.3895e38, 3.4e38)):
        encode(np.array([largest], np.float32), kind)
        with pytest.raises(KnownError, match=f"too large for {kind}"):
            encode(np.array([-beyond], np.float32), kind)
