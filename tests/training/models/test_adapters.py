"""Adapters: merged they compute what they computed, and everybody's tools can load the result."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

import training
from engine.core.errors import KnownError
from training.cli import main
from training.models import adapters, teacher
from training.models.adapters import (
    KINDS,
    AdapterConfig,
    four_bit,
    matrices,
    merged,
    save_adapter,
    with_adapter,
)
from training.models.loading import load, publish

TOKENS = torch.arange(30)[None]


def moved(model: nn.Module) -> Any:
    """The model after a random change of everything trainable."""
    torch.manual_seed(8)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(TOKENS).logits.float()
    return found


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A model whose layers do something."""
    target = Path(shutil.copytree(model_folder, tmp_path / "start"))
    model = load(target)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and "layers" in name:
            torch.nn.init.normal_(parameter, 0, 0.05)
    model.save_pretrained(target)
    return target


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora"])
@pytest.mark.parametrize("settings", [{}, {"layers": (1,), "targets": ("q_proj", "up_proj")}])
def test_merging_changes_nothing(kind: str, settings: dict[str, Any], folder: Path) -> None:
    rows = (40, 41) if settings else ()
    model = moved(with_adapter(load(folder), AdapterConfig(kind, rank=4, **settings), rows))
    whole = merged(model)
    assert not any("lora" in name for name, _ in whole.named_parameters())
    difference = (logits(model) - logits(load(folder))).abs().max()
    assert difference > 0.1  # else closeness would mean little
    torch.testing.assert_close(logits(whole), logits(model), atol=1e-5, rtol=1e-4)


def test_merging_is_into_the_file_and_not_into_rounded_weights(folder: Path) -> None:
    model = with_adapter(load(folder), AdapterConfig("lora", rank=4))
    exact = logits(merged(moved(model)))
    with torch.no_grad():  # as 4 bits would
        for name, parameter in model.named_parameters():
            if "base_layer" in name:
                parameter.copy_((parameter * 8).round() / 8)
    torch.testing.assert_close(logits(merged(model)), exact)


def test_scales(folder: Path) -> None:
    """LoRA adds α/r · B A, rsLoRA α/√r · B A (arXiv 2312.03732)."""
    for kind, scale in (("lora", 8 / 4), ("rslora", 8 / 2)):
        model = moved(with_adapter(load(folder), AdapterConfig(kind, rank=4, alpha=8.0)))
        name = "model.layers.1.mlp.up_proj"
        module = model.get_base_model().get_submodule(name)
        change = module.lora_B["default"].weight @ module.lora_A["default"].weight
        original = module.base_layer.weight
        found = merged(model).get_submodule(name).weight
        torch.testing.assert_close(found, original + scale * change)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft's own
def test_published_and_adapter_alone_load_everywhere(folder: Path, tmp_path: Path) -> None:
    model = moved(with_adapter(load(folder), AdapterConfig("dora", rank=4)))
    wanted = logits(model)
    out = tmp_path / "out"
    publish(model, folder, out / "model", torch.float32)
    for found in (
        AutoModelForCausalLM.from_pretrained(out / "model"),
        load(out / "model"),
        load(out / "adapter"),
        PeftModel.from_pretrained(load(folder), out / "adapter").eval(),
    ):
        torch.testing.assert_close(logits(found), wanted, atol=1e-5, rtol=1e-4)
    assert {path.name for path in (out / "adapter").iterdir()} == {
        "adapter_config.json", "adapter_model.safetensors", "config.json",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["none", "lora"])
def test_a_result_works_with_pipeline(
    kind: str, model_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    out, recipe = tmp_path / "run", Path(training.__file__).parent / "recipes" / "lora.toml"
    assert main([
        "sft", str(model_folder), "--recipe", str(recipe),
        "--data", str(dialogues), "--out", str(out),
        "--adapter.kind", kind, "--adapter.rank", "2", "--loop.steps", "2", "--loop.rows", "2",
        "--loop.threads", "1",
    ]) == 0  # fmt: skip
    assert (out / "adapter").exists() == (kind == "lora")
    generator = pipeline("text-generation", model=str(out / "model"))
    prompt = "Analyze the following crypto token:\nName: Token A\n\nAnalysis:"
    (result,) = generator(prompt, max_new_tokens=5, do_sample=True)
    assert result["generated_text"].startswith(prompt)
    model = AutoModelForCausalLM.from_pretrained(out / "model")
    tokenizer = AutoTokenizer.from_pretrained(out / "model")
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    assert model(ids).logits.shape[-1] == model.config.vocab_size
    # A checkpoint of the run is the same model.
    (checkpoint,) = out.glob("step-*")
    torch.testing.assert_close(logits(load(checkpoint)), logits(model), atol=1e-5, rtol=1e-4)


def test_an_adapter_on_top_of_an_adapter(folder: Path, tmp_path: Path) -> None:
    first = moved(with_adapter(load(folder), AdapterConfig("lora", rank=4)))
    save_adapter(first, tmp_path / "first")
    second = moved(with_adapter(load(tmp_path / "first"), AdapterConfig("lora", rank=4)))
    torch.testing.assert_close(logits(merged(second)), logits(second), atol=1e-5, rtol=1e-4)
    save_adapter(second, tmp_path / "second")
    found = logits(load(tmp_path / "second"))
    torch.testing.assert_close(found, logits(second), atol=1e-5, rtol=1e-4)
    with pytest.raises(KnownError, match="adapters only"):
        load(tmp_path / "first", quantization_config=None)


def test_matrices_are_those_of_the_layers(folder: Path) -> None:
    names = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert set(matrices(load(folder))) == names


def test_qlora_needs_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "qlora" in KINDS
    with pytest.raises(KnownError, match="4 bits need an NVIDIA GPU"):
        four_bit()


def test_each_process_holds_its_four_bits_on_its_own_gpu(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Students and teachers alike."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 3)
    monkeypatch.setattr(adapters, "find_spec", lambda name: True)
    monkeypatch.setattr(adapters, "BitsAndBytesConfig", lambda **settings: settings)
    monkeypatch.setattr(teacher, "load", lambda *_, **settings: given.append(settings))
    teacher.load_teacher(str(folder), str(folder), in_four_bits=True)
    assert given == [four_bit()]
    assert given[0]["device_map"] == {"": 3}
    assert given[0]["quantization_config"]["load_in_4bit"]


def test_an_adapter_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    publish(
        with_adapter(load(folder), AdapterConfig("lora")), folder, tmp_path / "model", torch.float32
    )
    path = tmp_path / "adapter" / "adapter_config.json"
    said = json.loads(path.read_text())
    said["target_modules"] = ["q_proj"]
    path.write_text(json.dumps(said))
    with pytest.raises(KnownError, match="does not fit"):
        load(tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(KnownError, match="no weights"):
        load(tmp_path / "adapter")


def test_a_target_that_is_not_there_is_named(model: Any) -> None:
    config = AdapterConfig(kind="lora", targets=("q_proj", "nosuch"))
    with pytest.raises(ValueError, match=r"there is no nosuch; try q_proj, k_proj, "):
        with_adapter(model, config)
