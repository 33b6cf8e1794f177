"""Weights written as Q8_0 are those that llama.cpp makes, byte for byte."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import make_model, make_tokenizer

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.numbers import encode
from quantize.quantize import quantize
from quantize.task import Task


def _tensors(path: Path) -> dict[str, tuple[str, bytes]]:
    data = path.read_bytes()
    return {
        one.name: (one.type.name, data[one.offset : one.offset + one.size])
        for one in read_header(path).tensors
    }


def test_the_same_as_llama_cpp(shared_folder: Path, gguf: Path, tmp_path: Path, task: Task) -> None:
    direct, by_llama = tmp_path / "direct.gguf", tmp_path / "by_llama.gguf"
    convert(shared_folder, direct, "Q8_0", task)
    quantize(gguf, by_llama, "Q8_0", task)
    assert _tensors(direct) == _tensors(by_llama)
    kinds = [read_header(path).metadata["general.file_type"] for path in (direct, by_llama)]
    assert kinds == [7, 7]


def test_rows_that_do_not_fit_stay_f16(tmp_path: Path, task: Task) -> None:
    make_model(tmp_path / "hf", intermediate_size=80, num_hidden_layers=1)
    make_tokenizer(tmp_path / "hf")
    convert(tmp_path / "hf", tmp_path / "out.gguf", "Q8_0", task)
    kinds = {name: kind for name, (kind, _) in _tensors(tmp_path / "out.gguf").items()}
    assert kinds["blk.0.ffn_down.weight"] == "F16"
    assert kinds["blk.0.ffn_up.weight"] == "Q8_0"
    assert kinds["blk.0.attn_norm.weight"] == "F32"


@given(st.lists(st.floats(-65504, 65504, width=32), min_size=32, max_size=32))
def test_numbers_come_back_nearly(numbers: list[float]) -> None:
    """Half a step of the scale, and the scale's own rounding to F16, 127 times."""
    values = np.array(numbers, np.float32)
    data = encode(values, "Q8_0")
    scale = float(np.frombuffer(data[:2], "<f2")[0])
    found = scale * np.frombuffer(data[2:], np.int8).astype(np.float64)
    exact = float(np.abs(values).max()) / 127
    assert np.abs(found - values).max() <= exact * 0.51 + 127 * abs(scale - exact)


def test_numbers_beyond_it_are_refused() -> None:
    with pytest.raises(KnownError, match="too large for Q8_0"):
        encode(np.full(32, 1e7, np.float32), "Q8_0")
