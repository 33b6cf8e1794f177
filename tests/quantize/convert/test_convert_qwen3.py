"""A converted Qwen3 computes what torch computes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_models import TOKENS, assert_same, edit_json, make_model, make_tokenizer, torch_logits
from transformers import Qwen3ForCausalLM

from engine.model.fit.layers import layers_of
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.task import Task

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
YARN = {"rope_type": "yarn", "rope_theta": 10_000.0, "factor": 4.0}


def test_logits_equal_torch(gguf: Path, original: Qwen3ForCausalLM) -> None:
    assert_same(gguf, original)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"tie_word_embeddings": False}, id="own output head"),
        pytest.param(
            {"rope_parameters": YARN | {"original_max_position_embeddings": 128}}, id="yarn"
        ),
        pytest.param(
            {
                "rope_parameters": YARN
                | {
                    "original_max_position_embeddings": 128,
                    "attention_factor": 1.3,
                }
            },
            id="yarn with its own attention factor",
        ),
        pytest.param(
            {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 64}, id="few heads"
        ),
    ],
)
def test_variants_equal_torch(tmp_path: Path, task: Task, settings: dict[str, object]) -> None:
    model = make_model(tmp_path / "hf", **settings)
    make_tokenizer(tmp_path / "hf")
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert_same(tmp_path / "out.gguf", model)


WINDOWS = {
    "use_sliding_window": True,
    "sliding_window": 16,
    "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
}


@pytest.mark.parametrize("tied", [True, False])
def test_sliding_windows_equal_torch(tmp_path: Path, task: Task, tied: bool) -> None:
    model = make_model(tmp_path / "hf", tie_word_embeddings=tied, **WINDOWS)
    plain = make_model(tmp_path / "plain", tie_word_embeddings=tied)
    make_tokenizer(tmp_path / "hf")
    convert(tmp_path / "hf", tmp_path / "out.gguf", "F32", task)
    assert_same(tmp_path / "out.gguf", model)
    beyond = np.abs(torch_logits(model, TOKENS) - torch_logits(plain, TOKENS)).max(axis=1)
    assert beyond[:16].max() < 1e-4 < beyond[16:].min()  # the windows do something
    header = read_header(tmp_path / "out.gguf")
    assert header.architecture == "mellum"
    assert [layer.window for layer in layers_of(header)] == [16, 16, 0]


def test_older_names_of_rope_settings(folder: Path, task: Task) -> None:
    def to_old(config: dict[str, object]) -> None:
        del config["rope_parameters"]
        config["rope_theta"] = 1e6
        config["rope_scaling"] = {
            "type": "yarn",
            "factor": 2.0,
            "original_max_position_embeddings": 256,
        }

    edit_json(folder / "config.json", to_old)
    convert(folder, folder / "out.gguf", None, task)
    metadata = read_header(folder / "out.gguf").metadata
    assert metadata["qwen3.rope.freq_base"] == 1e6
    assert metadata["qwen3.rope.scaling.type"] == "yarn"
    assert metadata["qwen3.rope.scaling.factor"] == 2.0
    assert metadata["qwen3.rope.scaling.original_context_length"] == 256


def test_metadata(gguf: Path) -> None:
    header = read_header(gguf)
    assert header.architecture == "qwen3"
    assert header.name == "tiny-qwen"
    assert header.metadata["general.file_type"] == 0
    expected = {
        "block_count": 3,
        "context_length": 512,
        "embedding_length": 256,
        "feed_forward_length": 512,
        "attention.head_count": 4,
        "attention.head_count_kv": 2,
        "attention.key_length": 32,
        "attention.value_length": 32,
        "rope.freq_base": 50_000.0,
    }
    assert {key: header.metadata[f"qwen3.{key}"] for key in expected} == expected
    assert header.metadata["qwen3.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-5)
    assert {tensor.name for tensor in header.tensors if len(tensor.shape) == 2} == {
        "token_embd.weight",
        *(f"blk.{layer}.{name}.weight" for layer in range(3) for name in MATRICES),
    }


def test_bf16_weights_are_copied_bit_for_bit(folder: Path, task: Task) -> None:
    Qwen3ForCausalLM.from_pretrained(folder).to(torch.bfloat16).save_pretrained(folder)
    done = convert(folder, folder / "out.gguf", None, task)
    assert done.type == "BF16"
    tensors = {tensor.name: tensor for tensor in read_header(folder / "out.gguf").tensors}
    data = (folder / "out.gguf").read_bytes()
    weights = load_file(folder / "model.safetensors")
    up = tensors["blk.1.ffn_up.weight"]
    source = weights["model.layers.1.mlp.up_proj.weight"]
    assert up.type.name == "BF16"
    assert up.shape == (256, 512)
    assert data[up.offset : up.offset + up.size] == source.view(torch.int16).numpy().tobytes()
    norm = tensors["output_norm.weight"]
    assert norm.type.name == "F32"
    expected = weights["model.norm.weight"].float().numpy().tobytes()
    assert data[norm.offset : norm.offset + norm.size] == expected


def test_f16_rounds_as_torch_does(folder: Path, task: Task) -> None:
    convert(folder, folder / "out.gguf", "F16", task)
    tensors = {tensor.name: tensor for tensor in read_header(folder / "out.gguf").tensors}
    embeddings = tensors["token_embd.weight"]
    with safe_open(folder / "model.safetensors", "pt") as file:
        expected = file.get_tensor("model.embed_tokens.weight").half().numpy().tobytes()
    data = (folder / "out.gguf").read_bytes()
    assert data[embeddings.offset : embeddings.offset + embeddings.size] == expected


def test_shards_give_the_same_file(folder: Path, gguf: Path, task: Task) -> None:
    edit_json(folder / "config.json", lambda config: config.update(_name_or_path=""))
    model = Qwen3ForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="1MB")
    assert len(json.loads((folder / "model.safetensors.index.json").read_text())) == 2
    (folder / "assay.json").write_text('{"name": "tiny-qwen"}')
    convert(folder, folder / "out.gguf", "F32", task)
    assert (folder / "out.gguf").read_bytes() == gguf.read_bytes()


def test_a_spare_output_head_of_a_tied_model_is_left_out(folder: Path, task: Task) -> None:
    from safetensors.torch import save_file

    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    save_file(weights, folder / "model.safetensors")
    convert(folder, folder / "out.gguf", None, task)
    names = {tensor.name for tensor in read_header(folder / "out.gguf").tensors}
    assert "output.weight" not in names


def test_assay_details_travel_with_the_model(folder: Path, task: Task) -> None:
    details = {"name": "Assay Starter", "license": "Apache-2.0", "template": "starter"}
    (folder / "assay.json").write_text(json.dumps(details))
    convert(folder, folder / "out.gguf", None, task)
    metadata = read_header(folder / "out.gguf").metadata
    assert metadata["general.name"] == "Assay Starter"
    assert metadata["general.license"] == "Apache-2.0"
    assert metadata["assay.template"] == "starter"
