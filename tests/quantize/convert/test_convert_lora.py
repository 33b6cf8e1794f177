"""An adapter's GGUF file changes a model in llama.cpp as peft changes it in torch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import (
    TOKENS,
    assert_same,
    edit_json,
    llama_logits,
    make_adapter,
    make_other,
    make_tokenizer,
)
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

from engine.core.errors import KnownError
from engine.model.gguf.header import read_adapter
from quantize.cli import main
from quantize.convert import convert
from quantize.convert.lora import convert_lora
from quantize.task import Task

WEIGHTS = "adapter_model.safetensors"
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target_modules": ALL},
        {"use_rslora": True, "rank_pattern": {"q_proj": 2}},
        {"lora_alpha": 3, "rank_pattern": {"q_proj": 2}},
    ],
    ids=str,
)
def test_logits_equal_torch(
    shared_folder: Path, gguf: Path, tmp_path: Path, task: Task, settings: dict[str, object]
) -> None:
    model = make_adapter(shared_folder, tmp_path / "adapter", **settings)
    out = tmp_path / "out.gguf"
    done = convert_lora(tmp_path / "adapter", out, shared_folder, task)
    assert f"an adapter of {done.matrices} matrices for" in done.sentence
    assert "an adapter of 1 matrix for" in replace(done, matrices=1).sentence
    assert done.architecture == "qwen3"
    assert done.matrices == (21 if "target_modules" in settings else 6)
    assert done.size == out.stat().st_size
    assert_same(gguf, model, adapter=out)
    change = llama_logits(gguf, TOKENS, out) - llama_logits(gguf, TOKENS)
    assert np.abs(change).max() > 0.1  # the adapter does something


def test_matrices_in_another_order(tmp_path: Path, task: Task) -> None:
    """Llama's queries and keys."""
    folder = tmp_path / "hf"
    make_other(folder, LlamaConfig, LlamaForCausalLM)
    make_tokenizer(folder)
    model = make_adapter(folder, tmp_path / "adapter", target_modules=["q_proj", "k_proj"])
    convert(folder, tmp_path / "base.gguf", "F32", task)
    convert_lora(tmp_path / "adapter", tmp_path / "out.gguf", folder, task)
    assert_same(tmp_path / "base.gguf", model, adapter=tmp_path / "out.gguf")


def test_attention_beside_experts(tmp_path: Path, task: Task) -> None:
    folder = tmp_path / "hf"
    make_other(
        folder,
        Qwen3MoeConfig,
        Qwen3MoeForCausalLM,
        head_dim=32,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=64,
        norm_topk_prob=True,
    )
    make_tokenizer(folder)
    model = make_adapter(folder, tmp_path / "adapter", target_modules=["q_proj", "v_proj"])
    convert(folder, tmp_path / "base.gguf", "F32", task)
    convert_lora(tmp_path / "adapter", tmp_path / "out.gguf", folder, task)
    assert_same(tmp_path / "base.gguf", model, adapter=tmp_path / "out.gguf")


def test_the_application_takes_it(
    shared_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_adapter(shared_folder, tmp_path / "my-adapter")
    out = tmp_path / "out.gguf"
    command = ["convert-lora", str(tmp_path / "my-adapter"), str(out), "--base", str(shared_folder)]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("Converted an adapter of 6 matrices for qwen3 models")
    header = read_adapter(out)
    assert (header.architecture, header.name) == ("qwen3", "my-adapter")
    assert header.metadata["adapter.lora.alpha"] == 24.0
    assert {tensor.name for tensor in header.tensors} >= {
        "blk.0.attn_q.weight.lora_a",
        "blk.2.ffn_down.weight.lora_b",
    }


def test_refusals(shared_folder: Path, tmp_path: Path, task: Task) -> None:
    adapter, out = tmp_path / "adapter", tmp_path / "out.gguf"

    def refused(sentence: str, base: Path = shared_folder) -> None:
        with pytest.raises(KnownError, match=sentence):
            convert_lora(adapter, out, base, task)
        assert not out.exists()

    refused("There is no folder")
    adapter.mkdir()
    refused("The adapter's folder has no adapter_config.json. Get the adapter's folder again")
    make_adapter(shared_folder, adapter)
    refused("has no config", base=adapter)
    good = load_file(adapter / WEIGHTS)
    name = min(good)
    save_file(good | {name: torch.full_like(good[name], float("inf"))}, adapter / WEIGHTS)
    refused("not numbers, for example in blk")
    save_file(good | {name: torch.zeros(4, 7)}, adapter / WEIGHTS)
    refused("belongs to another model")
    edit_json(adapter / "adapter_config.json", lambda it: it.update(use_dora=True))
    refused("uses use_dora")


def test_experts_are_refused(tmp_path: Path, task: Task) -> None:
    """llama.cpp wants those of all experts in one."""
    folder, adapter = tmp_path / "hf", tmp_path / "adapter"
    settings = {"num_experts": 2, "moe_intermediate_size": 64, "norm_topk_prob": True}
    make_other(
        folder, Qwen3MoeConfig, Qwen3MoeForCausalLM, num_experts_per_tok=1, head_dim=32, **settings
    )
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA", "lora_alpha": 1, "r": 2}')
    start = "base_model.model.model.layers.0.mlp.experts.0.up_proj"
    weights = {
        f"{start}.lora_A.weight": torch.zeros(2, 256),
        f"{start}.lora_B.weight": torch.zeros(64, 2),
    }
    save_file(weights, adapter / WEIGHTS)
    with pytest.raises(KnownError, match="changes experts"):
        convert_lora(adapter, tmp_path / "out.gguf", folder, task)
