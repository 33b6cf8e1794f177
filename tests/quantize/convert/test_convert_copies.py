"""Weights that keep their precision are copied as they lie, infinities and NaNs are noticed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tiny_models import LLAMA3_SPLIT, edit_json, make_other, make_tokenizer
from transformers import Glm4MoeConfig, Glm4MoeForCausalLM, LlamaConfig, LlamaForCausalLM

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.numbers import require_finite
from quantize.task import Task
from quantize.weights import open_file

KINDS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def _bytes(kind: str, value: float) -> bytes:
    numbers = torch.full((8,), 1.5, dtype=KINDS[kind])
    numbers[5] = value
    result: NDArray[np.uint8] = numbers.view(torch.uint8).numpy()
    return result.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), -float("nan")])
def test_what_is_no_number_is_noticed(kind: str, value: float) -> None:
    with pytest.raises(KnownError, match="not numbers"):
        require_finite(_bytes(kind, value), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_passes(kind: str) -> None:
    info = torch.finfo(KINDS[kind])
    for value in (0.0, -0.0, info.max, info.min, info.smallest_normal, info.tiny / 2):
        require_finite(_bytes(kind, value), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
def test_bytes_are_torchs(tmp_path: Path, kind: str, wanted: str) -> None:
    """Rounded by torch, in blocks; of the same kind they are those on disk."""
    torch.manual_seed(3)
    numbers = torch.randn(700, 1600).to(KINDS[kind])  # more than one block
    save_file({"x": numbers}, tmp_path / "x.safetensors")
    weight = open_file(tmp_path / "x.safetensors")["x"]
    found = b"".join(weight.encoded(wanted))
    assert found == numbers.to(KINDS[wanted]).contiguous().view(torch.uint8).numpy().tobytes()


def test_llamas_file_gives_its_vocabularys_size(tmp_path: Path, task: Task) -> None:
    """As the files of llama.cpp's own converter do."""
    make_other(tmp_path / "hf", LlamaConfig, LlamaForCausalLM, num_hidden_layers=1)
    make_tokenizer(tmp_path / "hf")
    convert(tmp_path / "hf", tmp_path / "out.gguf", None, task)
    assert read_header(tmp_path / "out.gguf").number("vocab_size", 0) == 640


def test_what_glms_file_says(tmp_path: Path, task: Task) -> None:
    """The groups of experts and the token its template begins with, as llama.cpp's own writes."""
    folder = tmp_path / "hf"
    make_other(
        folder,
        Glm4MoeConfig,
        Glm4MoeForCausalLM,
        num_hidden_layers=1,
        n_routed_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=64,
        head_dim=32,
    )
    make_tokenizer(folder, LLAMA3_SPLIT)
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace("<|im_start|>", "[gMASK]"))
    convert(folder, tmp_path / "out.gguf", None, task)
    header = read_header(tmp_path / "out.gguf")
    assert header.number("expert_group_count", 0) == 1
    assert header.number("expert_group_used_count", 0) == 1
    tokens = {one["content"]: one["id"] for one in _added(path)}
    assert header.metadata["tokenizer.ggml.bos_token_id"] == tokens["[gMASK]"]
    assert header.metadata["tokenizer.ggml.eos_token_id"] == tokens["<|im_end|>"]


def _added(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    edit_json(path, lambda it: found.extend(it["added_tokens"]))
    return found
