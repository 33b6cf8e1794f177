"""A merged LoRA adapter computes what peft computes."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import (
    assert_same,
    edit_json,
    make_adapter,
    make_other,
    make_tokenizer,
    torch_logits,
)
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3ForCausalLM

from engine.core.errors import KnownError
from quantize.convert import convert
from quantize.task import Task

NAMES = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


@pytest.mark.parametrize(
    "settings", [{}, {"use_rslora": True}, {"rank_pattern": {"q_proj": 2}}], ids=str
)
def test_logits_equal_torch(
    shared_folder: Path,
    original: Qwen3ForCausalLM,
    tmp_path: Path,
    task: Task,
    settings: dict[str, object],
) -> None:
    model = make_adapter(shared_folder, tmp_path / "adapter", **settings)
    out = tmp_path / "out.gguf"
    convert(shared_folder, out, "F32", task, tmp_path / "adapter")
    assert_same(out, model)
    change = torch_logits(model, [1, 2, 3]) - torch_logits(original, [1, 2, 3])
    assert abs(change).max() > 0.1  # the adapter does something


def test_matrices_in_another_order(tmp_path: Path, task: Task) -> None:
    """The rows of Llama's queries and keys are reordered after the merge."""
    make_other(tmp_path / "hf", LlamaConfig, LlamaForCausalLM)
    make_tokenizer(tmp_path / "hf")
    model = make_adapter(tmp_path / "hf", tmp_path / "adapter", target_modules=["q_proj", "k_proj"])
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task, tmp_path / "adapter")
    assert_same(tmp_path / "out.gguf", model)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"peft_type": "IA3"}, "is not LoRA"),
        ({"use_dora": True}, "use_dora"),
        ({"alpha_pattern": {"q_proj": 3}}, "alpha_pattern"),
        ({"bias": "all"}, "biases"),
        ({"lora_alpha": "x"}, "lora_alpha"),
    ],
)
def test_variants_are_refused(
    shared_folder: Path, tmp_path: Path, task: Task, change: dict[str, object], sentence: str
) -> None:
    make_adapter(shared_folder, tmp_path / "adapter")
    edit_json(tmp_path / "adapter" / "adapter_config.json", lambda it: it.update(change))
    with pytest.raises(KnownError, match=sentence):
        convert(shared_folder, tmp_path / "out.gguf", None, task, tmp_path / "adapter")


def test_adapters_of_other_models_are_refused(
    shared_folder: Path, tmp_path: Path, task: Task
) -> None:
    make_adapter(shared_folder, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    good = load_file(path)
    without = {name: one for name, one in good.items() if name != NAMES}
    for weights, sentence in (
        (good | {NAMES: torch.zeros(4, 128)}, "another model"),
        (good | {NAMES: torch.zeros(())}, "another model"),
        (without, "another model"),
        (without | {NAMES.replace(".0.", ".7."): good[NAMES]}, "another model"),
        (good | {"base_model.model.lm_head.weight": good[NAMES].clone()}, "more than matrices"),
        ({}, "is empty"),
    ):
        save_file(weights, path)
        with pytest.raises(KnownError, match=sentence):
            convert(shared_folder, tmp_path / "out.gguf", None, task, tmp_path / "adapter")
    path.unlink()
    with pytest.raises(KnownError, match="has no adapter_model"):
        convert(shared_folder, tmp_path / "out.gguf", None, task, tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps([]))
    with pytest.raises(KnownError, match="damaged"):
        convert(shared_folder, tmp_path / "out.gguf", None, task, tmp_path / "adapter")
