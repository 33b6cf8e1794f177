"""Only models whose logits the losses can compute are loaded for training."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from engine.core.errors import KnownError
from training.models.loading import load

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
    with pytest.raises(KnownError, match=rf"{family}ForCausalLM cannot be trained here: its log"):
        load(folder)
    assert load(folder, writes=True).generate(torch.tensor([[3]]), max_new_tokens=2).shape == (1, 3)


def test_other_names_are_refused(tmp_path: Path) -> None:
    marks = {"bos_token_id": 1, "eos_token_id": 2}
    config = transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, **marks)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    with pytest.raises(KnownError, match=r"GPT2LMHeadModel .* has no model\.layers"):
        load(tmp_path)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    weights = saved("Llama", tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(KnownError, match="cannot be read"):
        load(tmp_path)
