"""W4A16 folders, read by the safetensors library and an unpacker of the tests' own."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from packed_models import codes_of, layers_of, read_folder, unpacked
from tiny_models import edit_json, make_model, make_other
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3ForCausalLM

from engine.core.errors import Cancelled, KnownError
from quantize import cli
from quantize.export.int4 import best_scales, plain_scales, rounded
from quantize.export.nf4 import export_nf4
from quantize.export.w4a16 import export_w4a16
from quantize.imatrix import read_importance
from quantize.task import Task

LAYER = "model.layers.1.mlp.down_proj"
TENSOR = "blk.1.ffn_down.weight"


def error_of(
    weight: NDArray[np.float32], found: NDArray[np.float32], importance: NDArray[np.float32]
) -> float:
    return float((importance * (weight - found) ** 2).sum())


def nearest(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Plain rounding: 15 steps between the largest weight of a group and its negative."""
    groups = weight.reshape(-1, 128)
    scales = np.abs(groups).max(axis=1, keepdims=True) / 7.5
    rounded: NDArray[np.float32] = (np.clip(np.round(groups / scales), -8, 7) * scales).reshape(
        weight.shape
    )
    return rounded


def test_the_weights_are_the_originals_within_the_steps(
    shared_folder: Path, imatrix: Path, original: Qwen3ForCausalLM, tmp_path: Path, task: Task
) -> None:
    found = export_w4a16(shared_folder, tmp_path / "out", None, imatrix, [], task)
    tensors = read_folder(tmp_path / "out")
    assert len(layers_of(tensors)) == found.matrices == 21
    assert found.group == 128
    importance = read_importance(imatrix)[TENSOR][0]
    for layer in layers_of(tensors):
        weight = original.get_submodule(layer).weight.detach().numpy()
        scales = np.repeat(tensors[f"{layer}.weight_scale"].float().numpy(), 128, axis=1)
        # Only what lies beyond the last step is further away than half a step.
        codes, steps = codes_of(tensors, layer), np.abs(scales) / 2 * 1.001
        inside = (codes > -8) & (codes < 7)
        assert (np.abs(weight - unpacked(tensors, layer))[inside] <= steps[inside]).all()
        assert np.corrcoef(weight.ravel(), unpacked(tensors, layer).ravel())[0, 1] > 0.99
    weight = original.get_submodule(LAYER).weight.detach().numpy()
    ours = error_of(weight, unpacked(tensors, LAYER), importance)
    assert ours < 0.75 * error_of(weight, nearest(weight), importance)
    assert found.size == sum(one.nbytes for one in tensors.values())
    assert found.bits_per_weight == pytest.approx(8 * found.size / sum_of(original))


def sum_of(model: Qwen3ForCausalLM) -> int:
    return sum(one.numel() for one in model.parameters())


def test_no_scale_is_much_better(
    shared_folder: Path, imatrix: Path, original: Qwen3ForCausalLM, tmp_path: Path, task: Task
) -> None:
    """Against trying 4,000 scales for each of 40 groups."""
    export_w4a16(shared_folder, tmp_path / "out", None, imatrix, [], task)
    found = unpacked(read_folder(tmp_path / "out"), LAYER)
    weight = original.get_submodule(LAYER).weight.detach().numpy()
    importance = read_importance(imatrix)[TENSOR][0]
    least = ours = 0.0
    for row in range(10):
        for start in range(0, 512, 128):
            w, h = weight[row, start : start + 128], importance[start : start + 128]
            largest = np.abs(w).max()
            scales = np.linspace(-largest / 4, largest / 4, 4001)[:, None] + 1e-9
            tried = np.clip(np.round(w / scales), -8, 7) * scales
            least += (h * (tried - w) ** 2).sum(axis=1).min()
            ours += error_of(w, found[row, start : start + 128], h)
    assert ours < 1.03 * least


def test_weights_too_small_for_a_scale_are_zeros() -> None:
    weights = np.full((2, 1, 32), 1e-41, np.float32)
    weights[0] = 0
    scales = best_scales(weights, np.ones((1, 32), np.float32), "BF16")
    assert not (rounded(weights, scales) * scales[..., None]).round(38).any()


def test_everything_else_stays(shared_folder: Path, imatrix: Path, tmp_path: Path) -> None:
    code = cli.main(
        ["export", "w4a16", str(shared_folder), str(tmp_path / "out"), "--imatrix", str(imatrix)]
    )
    assert code == 0
    before, after = read_folder(shared_folder), read_folder(tmp_path / "out")
    packed = {f"{layer}.weight" for layer in layers_of(after)}
    for name in before.keys() - packed:
        matrix = before[name].dim() > 1
        assert torch.equal(before[name].bfloat16() if matrix else before[name], after[name])
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    settings = config.pop("quantization_config")
    assert config == {
        **json.loads((shared_folder / "config.json").read_text()),
        "dtype": "bfloat16",
    }
    assert settings["quant_method"] == "compressed-tensors"
    assert settings["format"] == "pack-quantized"
    assert settings["ignore"] == ["lm_head"]
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (shared_folder / name).read_bytes()


def test_shards(
    shared_folder: Path,
    imatrix: Path,
    tmp_path: Path,
    task: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export_w4a16(shared_folder, tmp_path / "one", None, imatrix, [], task)
    monkeypatch.setattr("quantize.export.checkpoint.SHARD", 300_000)
    export_w4a16(shared_folder, tmp_path / "many", None, imatrix, [], task)
    one, many = read_folder(tmp_path / "one"), read_folder(tmp_path / "many")
    assert len(list((tmp_path / "many").glob("model-*.safetensors"))) > 3
    assert one.keys() == many.keys()
    assert all(torch.equal(one[name], many[name]) for name in one)


def narrow(folder: Path) -> None:
    make_model(folder, hidden_size=192, intermediate_size=320)


def llama(folder: Path) -> None:
    make_other(folder, LlamaConfig, LlamaForCausalLM, hidden_size=72, num_attention_heads=2)


@pytest.mark.parametrize(
    ("make", "group", "sentence"),
    [
        (narrow, 128, "rows of 192 weights, which do not divide into groups of 128"),
        (llama, None, "rows of 72 weights, which do not divide into groups of 32"),
    ],
)
def test_rows_that_do_not_divide(
    make, group: int | None, sentence: str, imatrix: Path, tmp_path: Path, task: Task
) -> None:
    make(tmp_path / "model")
    with pytest.raises(KnownError, match=sentence):
        export_w4a16(tmp_path / "model", tmp_path / "out", group, imatrix, [], task)
    assert not (tmp_path / "out").exists()


def test_smaller_groups_where_128_does_not_fit(
    tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(tmp_path / "model")
    everywhere = Everywhere({"down": 320, "output": 128, "": 192})
    monkeypatch.setattr("quantize.export.w4a16.read_importance", lambda _: everywhere)
    found = export_w4a16(tmp_path / "model", tmp_path / "out", None, Path("any"), [], task)
    assert found.group == 64
    tensors = read_folder(tmp_path / "out")
    assert tensors[f"{LAYER}.weight_scale"].shape == (192, 5)


def test_an_importance_matrix_of_another_model(imatrix: Path, tmp_path: Path, task: Task) -> None:
    make_model(tmp_path / "model", num_hidden_layers=4)
    with pytest.raises(KnownError, match=r"does not fit the model: it lacks blk\.3\."):
        export_w4a16(tmp_path / "model", tmp_path / "out", None, imatrix, [], task)


def test_what_cannot_be_exported(folder: Path, imatrix: Path, tmp_path: Path, task: Task) -> None:
    def refused(sentence: str) -> None:
        with pytest.raises(KnownError, match=sentence):
            export_w4a16(folder, tmp_path / "out", None, imatrix, [], task)

    config = folder / "config.json"
    edit_json(config, lambda it: it.update(quantization_config={"bits": 4}))
    refused("is quantized already")
    edit_json(config, lambda it: (it.pop("quantization_config"), it.update(architectures=["X"])))
    refused('of the kind "X"')
    edit_json(config, lambda it: it.update(architectures=["Qwen3ForCausalLM"], hidden_size=128))
    refused("do not fit its config.json")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    refused("There is something at")
    assert (tmp_path / "out" / "mine").exists()


def test_a_stop_leaves_nothing(shared_folder: Path, imatrix: Path, tmp_path: Path) -> None:
    task = Task(lambda fraction, _text: fraction > 0.5 and task.stop())
    with pytest.raises(Cancelled):
        export_w4a16(shared_folder, tmp_path / "out", None, imatrix, [], task)
    assert not list(tmp_path.iterdir())


def test_a_disk_too_small(
    shared_folder: Path, imatrix: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantize.output.HEADROOM", 1 << 60)
    with pytest.raises(KnownError, match=r"needs .* MB beside .*, and only"):
        export_w4a16(shared_folder, tmp_path / "out", None, imatrix, [], task)
    assert not list(tmp_path.iterdir())


def test_memory_is_that_of_a_few_matrices(
    tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "model", num_hidden_layers=12, intermediate_size=1024)
    total = (tmp_path / "model" / "model.safetensors").stat().st_size
    everywhere = Everywhere({"down": 1024, "output": 128, "": 256})
    monkeypatch.setattr("quantize.export.w4a16.read_importance", lambda _: everywhere)
    # Searching works on parts of a matrix and would only take its time here.
    monkeypatch.setattr(
        "quantize.export.w4a16.best_scales", lambda weights, _, kind: plain_scales(weights, kind)
    )
    tracemalloc.start()
    export_w4a16(tmp_path / "model", tmp_path / "out", None, Path("any"), [], task)
    export_nf4(tmp_path / "model", tmp_path / "nf4", True, task)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    matrix = 4 * 256 * 1024
    assert peak < 8 * matrix
    assert 8 * matrix < total / 4


class Everywhere(dict[str, int]):
    """An importance matrix with ones for all: part of a name → inputs."""

    def get(self, name: str, _default: object = None) -> NDArray[np.float32]:  # type: ignore[override]
        size = next(size for part, size in self.items() if part in name)
        return np.ones((1, size), np.float32)
