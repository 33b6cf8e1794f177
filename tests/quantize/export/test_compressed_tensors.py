"""W4A16 folders in transformers with vLLM's own library for the format."""

from collections.abc import Callable
from pathlib import Path

import compressed_tensors
import pytest
import torch
from packed_models import layers_of, read_folder, unpacked
from safetensors.torch import save_file
from tiny_models import TOKENS, make_other, make_tokenizer, torch_logits
from transformers import (
    AutoModelForCausalLM,
    CompressedTensorsConfig,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Glm4MoeConfig,
    Glm4MoeForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2MoeConfig,
    Qwen2MoeForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

from quantize.export.w4a16 import export_w4a16
from quantize.task import Task

assert compressed_tensors.__version__  # transformers finds it by itself


def dense(config: type, kind: type, **settings: object) -> Callable[[Path], torch.nn.Module]:
    return lambda folder: make_other(folder, config, kind, num_hidden_layers=2, **settings)


def moe(config: type, kind: type, **settings: object) -> Callable[[Path], torch.nn.Module]:
    experts = {"moe_intermediate_size": 64, "num_experts_per_tok": 2, "tie_word_embeddings": False}
    return lambda folder: make_other(
        folder, config, kind, **{"num_hidden_layers": 2, **experts, **settings}
    )


QWEN3_MOE = moe(Qwen3MoeConfig, Qwen3MoeForCausalLM, num_experts=4, norm_topk_prob=True)
QWEN2_MOE = moe(
    Qwen2MoeConfig, Qwen2MoeForCausalLM, num_experts=4, shared_expert_intermediate_size=128
)
GLM4_MOE = moe(
    Glm4MoeConfig,
    Glm4MoeForCausalLM,
    n_routed_experts=4,
    first_k_dense_replace=1,
    head_dim=64,
    n_group=1,
    topk_group=1,
    partial_rotary_factor=0.5,
)


GEMMA = {"head_dim": 64, "query_pre_attn_scalar": 64, "sliding_window": 64, "pad_token_id": 0}
ROPE = {"full_attention": {"rope_type": "default", "rope_theta": 1e6}}


@pytest.mark.filterwarnings("ignore:You passed `quantization_config`")
@pytest.mark.parametrize(
    ("make", "dequantize"),
    [
        (dense(Qwen3Config, Qwen3ForCausalLM), False),
        (dense(Qwen2Config, Qwen2ForCausalLM), True),
        (dense(LlamaConfig, LlamaForCausalLM), False),
        (QWEN3_MOE, True),
        (QWEN2_MOE, True),
        (GLM4_MOE, True),
        (dense(Gemma2Config, Gemma2ForCausalLM, **GEMMA), False),
        (dense(Gemma3TextConfig, Gemma3ForCausalLM, **GEMMA, rope_parameters=ROPE), False),
    ],
    ids=["qwen3", "qwen2", "llama", "qwen3moe", "qwen2moe", "glm4moe", "gemma2", "gemma3"],
)
def test_logits_are_those_of_the_unpacked_weights(
    make: Callable[[Path], torch.nn.Module],
    dequantize: bool,
    tmp_path: Path,
    task: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "own.txt").write_text("The price of bitcoin fell while ether rose. " * 60)
    monkeypatch.setattr("quantize.calibration.OWN", tmp_path / "own.txt")
    model = make(tmp_path / "model")
    make_tokenizer(tmp_path / "model")
    export_w4a16(tmp_path / "model", tmp_path / "out", None, None, [], task)
    settings = {"quantization_config": CompressedTensorsConfig(dequantize=True)}
    loaded = AutoModelForCausalLM.from_pretrained(
        tmp_path / "out", dtype=torch.float32, **(settings if dequantize else {})
    ).eval()

    tensors = read_folder(tmp_path / "out")
    values = {name: value.float() for name, value in tensors.items() if "weight_" not in name}
    for layer in layers_of(tensors):
        weight = torch.from_numpy(unpacked(tensors, layer))
        # That way multiplies in the scales' own precision.
        values[f"{layer}.weight"] = weight.bfloat16().float() if dequantize else weight
    folder = tmp_path / "plain"
    model.save_pretrained(folder)  # for its config.json
    save_file(values, folder / "model.safetensors", {"format": "pt"})
    expected = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    changed = torch_logits(model, TOKENS) - torch_logits(expected, TOKENS)
    if dequantize:  # its experts are in the precision of their scales
        model.load_state_dict(loaded.state_dict())
        loaded = model
    difference = torch_logits(loaded, TOKENS) - torch_logits(expected, TOKENS)
    assert abs(difference).max() < 2e-4
    assert abs(changed).max() > 0.1
