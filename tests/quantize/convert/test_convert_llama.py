"""Converted Llamas, Mistrals and dense Qwen2 models compute what torch computes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import assert_same, edit_json, make_other, make_tokenizer
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, read_header
from quantize.convert import convert
from quantize.task import Task

LLAMA = (LlamaConfig, LlamaForCausalLM)
MISTRAL = (MistralConfig, MistralForCausalLM)
QWEN2 = (Qwen2Config, Qwen2ForCausalLM)
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 10_000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 128,
}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param(LLAMA, {}, id="llama, tied"),
        pytest.param(LLAMA, {"tie_word_embeddings": False}, id="llama, own output head"),
        pytest.param(LLAMA, {"head_dim": 32}, id="llama, small heads"),
        pytest.param(LLAMA, {"rope_parameters": LLAMA3}, id="llama 3.1"),
        pytest.param(LLAMA, {"rope_parameters": LINEAR}, id="llama, linear"),
        pytest.param(LLAMA, {"rope_parameters": YARN}, id="llama, yarn"),
        pytest.param(LLAMA, {"attention_bias": True, "mlp_bias": True}, id="llama, biases"),
        pytest.param(MISTRAL, {"sliding_window": None}, id="mistral"),
        pytest.param(QWEN2, {}, id="qwen2"),
        pytest.param(
            QWEN2, {"tie_word_embeddings": False, "rope_parameters": YARN}, id="qwen2, yarn"
        ),
    ],
)
def test_logits_equal_torch(
    tmp_path: Path, task: Task, kind: tuple[Any, Any], settings: dict[str, object]
) -> None:
    model = make_other(tmp_path / "hf", *kind, **settings)
    header = _converted(tmp_path, task)
    assert header.architecture == ("qwen2" if kind == QWEN2 else "llama")
    assert_same(tmp_path / "out.gguf", model)


def _converted(folder: Path, task: Task) -> GgufHeader:
    make_tokenizer(folder / "hf")
    convert(folder / "hf", folder / "out.gguf", "F32", task)
    return read_header(folder / "out.gguf")


def test_llama3_divisors_are_those_of_transformers(tmp_path: Path, task: Task) -> None:
    model = make_other(tmp_path / "hf", *LLAMA, rope_parameters=LLAMA3)
    tensors = {tensor.name: tensor for tensor in _converted(tmp_path, task).tensors}
    found = tensors["rope_freqs.weight"]
    data = (tmp_path / "out.gguf").read_bytes()[found.offset : found.offset + found.size]
    plain = 500_000.0 ** -(torch.arange(0, 64, 2) / 64)
    expected = plain / model.model.rotary_emb.inv_freq
    assert found.type.name == "F32"
    assert len(set(expected.tolist())) > 3  # all three ranges occur
    torch.testing.assert_close(torch.frombuffer(bytearray(data), dtype=torch.float32), expected)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param(MISTRAL, {"sliding_window": 256}, id="mistral 0.1"),
        pytest.param(
            QWEN2,
            {"use_sliding_window": True, "sliding_window": 256, "max_window_layers": 1},
            id="qwen2",
        ),
    ],
)
def test_a_sliding_window_becomes_the_context(
    tmp_path: Path, task: Task, kind: tuple[Any, Any], settings: dict[str, object]
) -> None:
    model = make_other(tmp_path / "hf", *kind, **settings)
    header = _converted(tmp_path, task)
    assert header.number("context_length", 0) == 256  # of 512
    assert_same(tmp_path / "out.gguf", model)


def test_older_names_of_settings(tmp_path: Path, task: Task) -> None:
    """As Llama 2 and 3.1 were published: no rope_parameters, no head_dim, with and without base."""
    model = make_other(tmp_path / "hf", *LLAMA, rope_parameters=LLAMA3)

    def to_old(config: dict[str, Any]) -> None:
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope
        del config["head_dim"]

    edit_json(tmp_path / "hf" / "config.json", to_old)
    path = tmp_path / "hf" / "model.safetensors"
    old = "model.layers.0.self_attn.rotary_emb.inv_freq"
    save_file(load_file(path) | {old: torch.ones(32)}, path)
    names = {tensor.name for tensor in _converted(tmp_path, task).tensors}
    assert len([name for name in names if name.startswith("blk.0")]) == 9
    assert_same(tmp_path / "out.gguf", model)
    edit_json(
        tmp_path / "hf" / "config.json", lambda it: it.update(rope_theta=None, rope_scaling=None)
    )
    assert _converted(tmp_path, task).metadata["llama.rope.freq_base"] == 10_000.0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rope_parameters": LLAMA3 | {"high_freq_factor": 1.0}}, "wrong order"),
        ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2}}, "dynamic"),
        ({"partial_rotary_factor": 0.5}, "a part of each head"),
        ({"hidden_act": "gelu"}, "activation"),
        ({"num_key_value_heads": 3}, "do not fit together"),
        ({"head_dim": 31}, "do not fit together"),
    ],
)
def test_refusals(tmp_path: Path, task: Task, settings: dict[str, object], sentence: str) -> None:
    make_other(tmp_path / "hf", *LLAMA, num_hidden_layers=1)
    edit_json(tmp_path / "hf" / "config.json", lambda it: it.update(settings))
    with pytest.raises(KnownError, match=sentence):
        _converted(tmp_path, task)


def test_llama3_scaling_is_llamas_only(tmp_path: Path, task: Task) -> None:
    make_other(tmp_path / "hf", *QWEN2, num_hidden_layers=1, rope_parameters=LLAMA3)
    with pytest.raises(KnownError, match="llama3"):
        _converted(tmp_path, task)
