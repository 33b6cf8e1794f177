"""NF4 folders against the paper's construction and plain arithmetic."""

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from packed_models import read_folder
from tiny_models import make_other
from transformers import Qwen3ForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

from engine.core.errors import KnownError
from quantize import cli
from quantize.export.nf4 import VALUES, dynamic_values, export_nf4, nearest
from quantize.task import Task

LAYER = "model.layers.2.mlp.gate_proj.weight"


def test_the_table_is_the_papers() -> None:
    """Quantiles of a normal distribution, seven below 0 and eight above, scaled to 1."""
    normal, end = NormalDist(), 0.9677083
    above = [normal.inv_cdf(end + (0.5 - end) * step / 8) for step in range(8)]
    below = [-normal.inv_cdf(end + (0.5 - end) * step / 7) for step in range(7)]
    expected = np.sort(np.array([*above, 0, *below])) / max(above)
    np.testing.assert_allclose(VALUES, expected, atol=2e-7)


def test_the_table_of_scales() -> None:
    found = dynamic_values()
    assert len(found) == 256
    assert (np.diff(found) > 0).all()
    positive = found[found > 0]
    assert positive[-1] == 1
    np.testing.assert_allclose(positive[:3], [5.5e-7, 3.25e-6, 7.75e-6], rtol=1e-6)
    np.testing.assert_allclose(positive[-2], 1 - 0.9 / 128, rtol=1e-6)
    np.testing.assert_allclose(found[found < 0][::-1], -positive[:-1])


@pytest.mark.parametrize("size", [64, 1, 200])
def test_nearest_is_the_nearest(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size).astype(np.float32)
    numbers, scales = nearest(values, VALUES, 64)
    for start in range(0, size, 64):
        part = values[start : start + 64].astype(np.float64)
        assert scales[start // 64] == np.float32(np.abs(part).max())
        distances = np.abs(part[:, None] - VALUES * np.abs(part).max())
        chosen = distances[np.arange(len(part)), numbers[start : start + 64]]
        np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-6)


def test_nothing_but_zeros() -> None:
    numbers, scales = nearest(np.zeros(64, np.float32), VALUES, 64)
    assert set(VALUES[numbers]) == {0.0}
    assert scales.tolist() == [0.0]


def unpacked(tensors: dict[str, torch.Tensor], name: str) -> NDArray[np.float32]:
    """The weights: the first of two in the higher four bits."""
    state = json.loads(bytes(tensors[f"{name}.quant_state.bitsandbytes__nf4"].tolist()))
    packed, scales = tensors[name].numpy().ravel(), tensors[f"{name}.absmax"].numpy()
    if "nested_offset" in state:
        outer = np.repeat(tensors[f"{name}.nested_absmax"].numpy(), state["nested_blocksize"])
        table = tensors[f"{name}.nested_quant_map"].numpy()
        scales = table[scales] * outer[: len(scales)] + state["nested_offset"]
    numbers = np.stack([packed // 16, packed % 16], axis=1).ravel()
    values = tensors[f"{name}.quant_map"].numpy()[numbers]
    found: NDArray[np.float32] = values * np.repeat(scales, state["blocksize"])[: len(values)]
    return found.reshape(state["shape"])


@pytest.mark.parametrize("double", [False, True])
def test_folder(
    shared_folder: Path, original: Qwen3ForCausalLM, tmp_path: Path, double: bool
) -> None:
    options = [] if double else ["--single"]
    code = cli.main(["export", "nf4", str(shared_folder), str(tmp_path / "out"), *options])
    assert code == 0
    tensors, before = read_folder(tmp_path / "out"), read_folder(shared_folder)
    weight = original.get_parameter(LAYER).detach().numpy()
    found = unpacked(tensors, LAYER)
    scales = np.repeat(np.abs(weight.reshape(-1, 64)).max(axis=1), 64).reshape(weight.shape)
    # Half the widest gap of the table, and what 8 bits lose of the scale.
    assert (np.abs(weight - found) <= scales * (0.153 + 0.02 * double)).all()
    plain = (np.abs(weight[..., None] / scales[..., None] - VALUES)).argmin(axis=-1)
    single = VALUES[plain] * scales
    if not double:
        np.testing.assert_allclose(found, single, atol=1e-6)
    assert np.square(weight - found).sum() < 1.02 * np.square(weight - single).sum()
    embeddings, norm = "model.embed_tokens.weight", "model.norm.weight"
    assert torch.equal(before[embeddings].bfloat16(), tensors[embeddings])
    assert torch.equal(before[norm], tensors[norm])
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    settings = config["quantization_config"]
    assert settings["quant_method"] == "bitsandbytes"
    assert settings["bnb_4bit_use_double_quant"] is double
    assert settings["bnb_4bit_quant_type"] == "nf4"
    assert settings["llm_int8_skip_modules"] == ["lm_head"]


def test_experts_are_refused(tmp_path: Path, task: Task) -> None:
    make_other(
        tmp_path / "model", Qwen3MoeConfig, Qwen3MoeForCausalLM, num_experts=4, norm_topk_prob=True
    )
    with pytest.raises(KnownError, match="mixture of experts"):
        export_nf4(tmp_path / "model", tmp_path / "out", True, task)
    assert not (tmp_path / "out").exists()
