"""MiniMind's checkpoints, once training has made model folders of them, convert as they are."""

from pathlib import Path

import pytest
import torch
from tiny_models import assert_same, make_other, make_tokenizer
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.task import Task
from training.models.minimind import to_checkpoint, to_folder

SHAPE = {"num_attention_heads": 8, "num_key_value_heads": 4, "num_hidden_layers": 2}


@pytest.mark.parametrize(
    ("config", "kind", "settings", "architecture"),
    [
        (LlamaConfig, LlamaForCausalLM, {}, "llama"),
        (Qwen3Config, Qwen3ForCausalLM, {"head_dim": 32}, "qwen3"),
        (
            Qwen3MoeConfig,
            Qwen3MoeForCausalLM,
            {
                "head_dim": 32,
                "num_experts": 4,
                "num_experts_per_tok": 1,
                "moe_intermediate_size": 128,
                "norm_topk_prob": True,
            },
            "qwen3moe",
        ),
    ],
)
def test_logits_equal_torch(
    tmp_path: Path,
    task: Task,
    config: type,
    kind: type,
    settings: dict[str, object],
    architecture: str,
) -> None:
    make_other(tmp_path / "made", config, kind, **SHAPE, **settings)
    make_tokenizer(tmp_path / "tokenizer", split="")  # MiniMind's splits as GPT-2's does
    to_checkpoint(tmp_path / "made", tmp_path / "full.pth")
    to_folder(tmp_path / "full.pth", tmp_path / "hf", tmp_path / "tokenizer")
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert read_header(tmp_path / "out.gguf").architecture == architecture
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "hf", dtype=torch.float32).eval()
    assert_same(tmp_path / "out.gguf", model)
