"""Only models whose logits the losses can compute are loaded for training."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from engine.core.errors import KnownError
from training.loop import device
from training.models.loading import load, load_frozen

SIZES = {
    "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2, "max_position_embeddings": 32,
}  # fmt: skip


def saved(family: str, folder: Path, **settings: Any) -> Path:
    """A model of random weights, its output bias too."""
    torch.manual_seed(1)
    plain = getattr(transformers, f"{family}Config")
    config = getattr(transformers, f"{family}TextConfig", plain)(**{**SIZES, **settings})
    model = getattr(transformers, f"{family}ForCausalLM")(config)
    if getattr(model.lm_head, "bias", None) is not None:
        torch.nn.init.normal_(model.lm_head.bias)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", ["Qwen2", "Llama", "Mistral", "Gemma3", "Olmo2", "SmolLM3"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_families_that_can_be_trained(family: str, dtype: torch.dtype, tmp_path: Path) -> None:
    assert load(saved(family, tmp_path), dtype).dtype == dtype


@pytest.mark.parametrize(
    ("family", "settings"),
    [("Gemma2", {}), ("Granite", {"logits_scaling": 8.0}), ("Cohere", {}), ("Phi", {})],
)
def test_other_logits_are_refused_but_can_write(
    family: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = saved(family, tmp_path, **settings)
    with pytest.raises(KnownError, match=rf"{family}ForCausalLM cannot .*: its logits"):
        load(folder)
    assert load(folder, writes=True).generate(torch.tensor([[3]]), max_new_tokens=2).shape == (1, 3)


def test_other_names_are_refused(tmp_path: Path) -> None:
    marks = {"bos_token_id": 1, "eos_token_id": 2}
    config = transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, **marks)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    with pytest.raises(KnownError, match=r"GPT2LMHeadModel .* no model\.layers"):
        load(tmp_path)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    weights = saved("Llama", tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(KnownError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("stored", "fast", "held"),
    [
        (torch.bfloat16, {"avx512_bf16": True}, torch.bfloat16),
        (torch.bfloat16, {"avx512_bf16": False, "avx2": True}, torch.float32),
        (torch.float16, {"avx512_bf16": True}, torch.float32),
        (torch.float32, {"avx512_bf16": True}, torch.float32),
    ],
)
def test_a_frozen_model_keeps_the_type_of_its_file_where_that_is_fast(
    stored: torch.dtype,
    fast: dict[str, bool],
    held: torch.dtype,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load(saved("Qwen3", tmp_path)).to(stored).save_pretrained(tmp_path)
    monkeypatch.setattr(device, "pick", lambda: torch.device("cpu"))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: fast)
    device.computes.cache_clear()
    try:
        assert load_frozen(tmp_path).dtype == held
    finally:
        device.computes.cache_clear()
