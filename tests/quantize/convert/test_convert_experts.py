"""Converted mixtures of experts compute what torch computes."""

import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import load_file, save_file
from tiny_models import (
    WORDS,
    assert_same,
    edit_json,
    make_other,
    make_tokenizer,
    save_random,
)
from transformers import (
    Glm4MoeConfig,
    Glm4MoeForCausalLM,
    Qwen2MoeConfig,
    Qwen2MoeForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.convert.experts import separated
from quantize.convert.family import Wanted
from quantize.convert.plan import match, tensor
from quantize.task import Task
from quantize.weights import open_weights
from training.models.shapes import Shape, build

QWEN2 = (Qwen2MoeConfig, Qwen2MoeForCausalLM)
QWEN3 = (Qwen3MoeConfig, Qwen3MoeForCausalLM)
GLM4 = (Glm4MoeConfig, Glm4MoeForCausalLM)
MIXTURE = {
    QWEN2: {
        "num_experts": 6,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 64,
        "shared_expert_intermediate_size": 96,
    },
    QWEN3: {
        "num_experts": 6,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 64,
        "norm_topk_prob": True,
        "head_dim": 32,
    },
    GLM4: {
        "n_routed_experts": 6,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 64,
        "n_shared_experts": 2,
        "routed_scaling_factor": 1.7,
        "attention_bias": True,
        "head_dim": 32,
        "num_mtp_layers": 0,
    },
}


def make(folder: Path, kind: tuple[Any, Any], **settings: object) -> Any:
    model = make_other(folder, *kind, **{**MIXTURE[kind], **settings})
    make_tokenizer(folder)
    return model


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param(QWEN2, {}, id="qwen2, tied"),
        pytest.param(
            QWEN2, {"tie_word_embeddings": False, "qkv_bias": False}, id="qwen2, own output head"
        ),
        pytest.param(QWEN3, {}, id="qwen3, tied"),
        pytest.param(QWEN3, {"tie_word_embeddings": False}, id="qwen3, own output head"),
        pytest.param(QWEN3, {"num_experts": 1, "num_experts_per_tok": 1}, id="one expert"),
        pytest.param(GLM4, {}, id="glm4"),
        pytest.param(
            GLM4,
            {"tie_word_embeddings": False, "use_qk_norm": True, "first_k_dense_replace": 2},
            id="glm4, norms of queries and keys",
        ),
        pytest.param(
            GLM4, {"norm_topk_prob": False, "first_k_dense_replace": 0}, id="glm4, no dense layer"
        ),
    ],
)
def test_logits_equal_torch(
    tmp_path: Path, task: Task, kind: tuple[Any, Any], settings: dict[str, object]
) -> None:
    model = make(tmp_path / "hf", kind, **settings)
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert_same(tmp_path / "out.gguf", model)


def test_fused_experts_give_the_same_file(tmp_path: Path, task: Task) -> None:
    make(tmp_path / "hf", QWEN3)
    convert(tmp_path / "hf", tmp_path / "split.gguf", "F32", task)
    path = tmp_path / "hf" / "model.safetensors"
    weights = load_file(path)
    for layer in range(3):
        prefix = f"model.layers.{layer}.mlp.experts"
        gate, up, down = (
            torch.stack([weights.pop(f"{prefix}.{e}.{name}_proj.weight") for e in range(6)])
            for name in ("gate", "up", "down")
        )
        weights[f"{prefix}.gate_up_proj"] = torch.cat([gate, up], dim=1)
        weights[f"{prefix}.down_proj"] = down
    save_file(weights, path)
    convert(tmp_path / "hf", tmp_path / "fused.gguf", "F32", task)
    assert (tmp_path / "fused.gguf").read_bytes() == (tmp_path / "split.gguf").read_bytes()


def test_what_training_makes_for_mixtures(tmp_path: Path, task: Task) -> None:
    """The shape "moe", smaller; its residual outputs start at zero, so these are filled."""
    shape = Shape(256, 3, 64, 4, 2, context=512, experts=8, chosen=2, shared_size=128)
    model = build(shape, WORDS, seed=5)
    for name, parameter in model.named_parameters():
        if "norm" not in name:
            torch.nn.init.normal_(parameter, 0.0, 0.08)
    save_random(model, tmp_path / "hf")
    make_tokenizer(tmp_path / "hf")
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert_same(tmp_path / "out.gguf", model)
    header = read_header(tmp_path / "out.gguf")
    found = {
        key: header.number(key, 0)
        for key in ("expert_count", "expert_used_count", "expert_feed_forward_length")
    }
    assert list(found.values()) == [8, 2, 64]
    kinds = {one.name: one.type.name for one in header.tensors}
    assert kinds["blk.0.ffn_gate_inp.weight"] == "F32"


def test_layers_that_predict_several_tokens_are_left_out(tmp_path: Path, task: Task) -> None:
    model = make(tmp_path / "hf", GLM4, num_mtp_layers=1)
    path = tmp_path / "hf" / "model.safetensors"
    extra = {
        "model.layers.3.eh_proj.weight": torch.zeros(256, 512),
        "model.layers.3.shared_head.norm.weight": torch.zeros(256),
    }
    stored = {name: one for name, one in load_file(path).items() if ".layers.3." not in name}
    save_file({**stored, **extra}, path)
    done = convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert done.left_out == 2
    assert_same(tmp_path / "out.gguf", model)
    edit_json(tmp_path / "hf" / "config.json", lambda it: it.update(num_nextn_predict_layers=0))
    with pytest.raises(KnownError, match="not part of its kind"):
        convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)


def test_older_names_of_glm4s_settings(tmp_path: Path, task: Task) -> None:
    """As GLM-4.5 was published: the rotated share stands by itself, or is understood."""
    model = make(tmp_path / "hf", GLM4)

    def to_old(config: dict[str, Any]) -> None:
        rope = config.pop("rope_parameters")
        assert rope.pop("partial_rotary_factor") == 0.5
        config |= {"partial_rotary_factor": 0.5, "rope_scaling": None}
        config["rope_theta"] = rope["rope_theta"]

    path = tmp_path / "hf" / "config.json"
    edit_json(path, to_old)
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert_same(tmp_path / "out.gguf", model)
    edit_json(path, lambda it: it.pop("partial_rotary_factor"))
    convert(tmp_path / "hf", tmp_path / "same.gguf", "F32", task)
    assert (tmp_path / "same.gguf").read_bytes() == (tmp_path / "out.gguf").read_bytes()


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        (QWEN2, {"norm_topk_prob": True}, "add up to 1"),
        (QWEN2, {"decoder_sparse_step": 2}, "layers without experts"),
        (QWEN2, {"mlp_only_layers": [0]}, "layers without experts"),
        (QWEN3, {"norm_topk_prob": False}, "do not add up to 1"),
        (QWEN3, {"attention_bias": True}, "biases"),
        (QWEN3, {"num_experts_per_tok": 7}, "num_experts_per_tok"),
        (QWEN3, {"num_local_experts": 10**6}, "num_local_experts"),
        (QWEN3, {"num_local_experts": 7}, "mlp.gate.weight has the shape"),
        (QWEN3, {"moe_intermediate_size": 32}, "do not fit its config"),
        (GLM4, {"n_group": 2}, "groups"),
        (GLM4, {"rope_parameters": {"partial_rotary_factor": 0.01, "rope_theta": 1e4}}, "even"),
    ],
)
def test_refusals(
    folders: dict[Any, Path],
    tmp_path: Path,
    task: Task,
    kind: tuple[Any, Any],
    settings: dict[str, object],
    sentence: str,
) -> None:
    folder = Path(shutil.copytree(folders[kind], tmp_path / "hf"))
    edit_json(folder / "config.json", lambda it: it.update(settings))
    with pytest.raises(KnownError, match=sentence):
        convert(folder, tmp_path / "out.gguf", "F32", task)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Path]:
    """A model folder of each kind."""
    result = {kind: tmp_path_factory.mktemp("hf") for kind in MIXTURE}
    for kind, folder in result.items():
        make(folder, kind, num_hidden_layers=1)
    return result


@pytest.mark.parametrize("fused", [True, False])
def test_stacking_holds_little_in_memory(tmp_path: Path, fused: bool) -> None:
    """At most 1.2 times the stacked tensor, here far less; numpy's memory counts, too."""
    experts, inner, width = 40, 512, 512
    shape = (experts, inner, width)
    numbers = np.random.default_rng(1).standard_normal(shape, np.float32)
    names = [f"mlp.experts.{e}.up_proj.weight" for e in range(experts)]
    if fused:
        zeros = np.zeros_like(numbers)
        tensors = {"mlp.experts.gate_up_proj": np.concatenate([zeros, numbers], axis=1)}
    else:
        tensors = dict(zip(names, numbers, strict=True))
    save_numpy(tensors, tmp_path / "model.safetensors")
    found = separated(open_weights(tmp_path))
    wanted = Wanted(tuple(names), "ffn_up_exps.weight", shape)
    stacked = tensor(*match((wanted,), found)[0], "F32")
    expected, position = numbers.tobytes(), 0
    tracemalloc.start()
    for block in stacked.blocks():
        assert block == expected[position : position + len(block)]
        position += len(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert position == stacked.size
    assert peak < stacked.size / 2


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({"x.experts.gate_up_proj": (2, 3, 4)}, "unequal size"),
        ({"x.experts.down_proj": (1, 3, 4), "x.experts.0.down_proj.weight": (3, 4)}, "twice"),
    ],
)
def test_damaged_fused_experts(
    tmp_path: Path, tensors: dict[str, tuple[int, ...]], sentence: str
) -> None:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in tensors.items()}
    save_numpy(zeros, tmp_path / "model.safetensors")
    with pytest.raises(KnownError, match=sentence):
        separated(open_weights(tmp_path))
