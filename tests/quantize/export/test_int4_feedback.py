"""Four bits with feedback, against the paper's loop and a model's own activations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from packed_models import read_folder, unpacked
from tiny_models import TEXT
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from quantize.export.int4 import best_scales, rounded
from quantize.export.int4_feedback import with_feedback
from quantize.export.w4a16 import export_w4a16
from quantize.feedback import DAMPING
from quantize.task import Task

Matrix = NDArray[np.float64]


def correlated(count: int, width: int) -> Matrix:
    chance = np.random.default_rng(3)
    mixed = chance.normal(size=(count, width // 4)) @ chance.normal(size=(width // 4, width))
    found: Matrix = mixed + 0.3 * chance.normal(size=(count, width))
    return found


def weights(rows: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).normal(0, 0.05, (rows, width)).astype(np.float32)


def values(codes: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = np.repeat(scales, codes.shape[1] // scales.shape[1], axis=1)
    return (codes * spread).astype(np.float32)


def test_the_codes_are_the_papers_for_the_same_scales() -> None:
    """GPTQ's loop (arXiv 2210.17323, algorithm 1) in double precision."""
    weight, x = weights(8, 96), correlated(400, 96)
    hessian = x.T @ x
    codes, scales = with_feedback(weight, hessian.astype(np.float32), 32, "BF16")
    inverse = np.linalg.inv(hessian + DAMPING * np.trace(hessian) / 96 * np.eye(96))
    upper = np.linalg.cholesky(inverse).T
    left, expected = weight.astype(np.float64), np.zeros(weight.shape, np.int8)
    for column in range(96):
        scale = scales[:, column // 32].astype(np.float64)
        expected[:, column] = np.clip(np.round(left[:, column] / scale), -8, 7)
        error = (left[:, column] - expected[:, column] * scale) / upper[column, column]
        left[:, column:] -= np.outer(error, upper[column, column:])
    # A number on the edge between two codes may round differently in single precision.
    assert (codes == expected).all(axis=1).sum() >= 6


def test_products_keep_closer_than_with_the_best_scales_alone() -> None:
    weight, x = weights(24, 256), correlated(600, 256)
    hessian = (x.T @ x).astype(np.float32)
    groups = weight.reshape(24, 2, 128)
    scales = best_scales(groups, np.diag(hessian).reshape(2, 128), "BF16")
    plain = values(rounded(groups, scales).reshape(24, 256), scales)
    found = values(*with_feedback(weight, hessian, 128, "BF16"))
    before, after = (((weight - one) @ x.T) ** 2 for one in (plain, found))
    assert after.sum() < 0.5 * before.sum()
    assert (after.sum(axis=1) < 1.05 * before.sum(axis=1)).all()


def test_inputs_without_correlation_are_rounded_plainly() -> None:
    """There is nothing that other weights could make good."""
    weight = weights(8, 64)
    strength = np.random.default_rng(1).uniform(0.5, 2, 64).astype(np.float32)
    codes, scales = with_feedback(weight, np.diag(strength), 64, "F16")
    damped = strength + np.float32(DAMPING) * strength.mean()
    expected = best_scales(weight[:, None], damped[None], "F16")
    np.testing.assert_array_equal(scales, expected)
    np.testing.assert_array_equal(codes, rounded(weight[:, None], expected)[:, 0])


def test_nothing_but_zeros() -> None:
    codes, scales = with_feedback(
        np.zeros((2, 32), np.float32), np.zeros((32, 32), np.float32), 32, "BF16"
    )
    assert not values(codes, scales).any()


def test_a_whole_model(
    shared_folder: Path,
    imatrix: Path,
    original: Qwen3ForCausalLM,
    tmp_path: Path,
    task: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its matrices' products on the text, with torch's activations."""
    (tmp_path / "own.txt").write_text(TEXT)
    monkeypatch.setattr("quantize.calibration.OWN", tmp_path / "own.txt")
    export_w4a16(shared_folder, tmp_path / "fed", None, None, [], task)
    export_w4a16(shared_folder, tmp_path / "plain", None, imatrix, [], task)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fed", "own.txt", "plain"]
    tokens = Tokenizer.from_file(str(shared_folder / "tokenizer.json")).encode(TEXT).ids[:512]
    seen: dict[str, torch.Tensor] = {}
    name = "model.layers.1.mlp.down_proj"
    handle = original.get_submodule(name).register_forward_pre_hook(
        lambda _layer, inputs: seen.update(x=inputs[0][0])
    )
    with torch.no_grad():
        original(torch.tensor([tokens]))
    handle.remove()
    x, weight = seen["x"].numpy(), original.get_submodule(name).weight.detach().numpy()
    errors = [
        np.square((weight - unpacked(read_folder(tmp_path / kind), name)) @ x.T).sum()
        for kind in ("fed", "plain")
    ]
    assert errors[0] < 0.5 * errors[1]
