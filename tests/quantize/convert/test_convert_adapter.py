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
        ({"alora_invocation_tokens": [1]}, "alora_invocation_tokens"),
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


@pytest.mark.parametrize("start", ["pissa", "olora"])
def test_an_adapter_to_changed_weights(
    shared_folder: Path, tmp_path: Path, task: Task, start: str
) -> None:
    """PiSSA trains beside what is left of the weights without the adapter's beginning."""
    make_adapter(shared_folder, tmp_path / "adapter", init_lora_weights=start)
    with pytest.raises(KnownError, match=f"weights that {start} changed before"):
        convert(shared_folder, tmp_path / "out.gguf", "F32", task, tmp_path / "adapter")


def test_a_change_of_what_is_left_out(folder: Path, tmp_path: Path, task: Task) -> None:
    """An output matrix that repeats the embeddings is not written, so its change would be lost."""
    make_adapter(folder, tmp_path / "adapter", target_modules=["q_proj"])
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    changes = {
        f"base_model.model.lm_head.lora_{letter}.weight": torch.ones(shape)
        for letter, shape in (("A", (4, 256)), ("B", (len(weights["lm_head.weight"]), 4)))
    }
    save_file(changes, tmp_path / "adapter" / "adapter_model.safetensors", {"format": "pt"})
    with pytest.raises(KnownError, match="changes weights that the file does without: lm_head"):
        convert(folder, tmp_path / "out.gguf", "F32", task, tmp_path / "adapter")


def test_the_new_file_never_replaces_the_weights(folder: Path, task: Task) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    with pytest.raises(KnownError, match="would replace one it is made from"):
        convert(folder, folder / "model.safetensors", None, task)
    assert (folder / "model.safetensors").read_bytes() == weights
