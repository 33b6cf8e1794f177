"""Blocks of quantized weights, against ggml's own quantizers and readers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.model.gguf.types import TENSOR_TYPES
from training.models.blocks import LAYOUTS

NUMBERS = {kind.name: number for number, kind in TENSOR_TYPES.items()}
SIZES = {kind.name: (kind.block, kind.size) for kind in TENSOR_TYPES.values()}
PROGRAM = Path(__file__).with_name("ggml_rows.py")


@pytest.fixture(scope="module")
def ggml(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What ggml makes of some rows of very different sizes."""
    folder, chance = tmp_path_factory.mktemp("ggml"), np.random.default_rng(3)
    rows = chance.standard_normal((8, 512)) * np.exp(2 * chance.standard_normal((8, 512)))
    rows[0, :256] = 0  # a block without a scale
    np.savez(
        folder / "in.npz",
        rows=rows.astype(np.float32),
        importance=chance.uniform(0.1, 1, 512).astype(np.float32),
        names=list(LAYOUTS),
        numbers=[NUMBERS[name] for name in LAYOUTS],
    )
    subprocess.run([sys.executable, PROGRAM, folder / "in.npz", folder / "out.npz"], check=True)
    return dict(np.load(folder / "out.npz"))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_values_are_those_that_ggml_reads(kind: str, ggml: dict[str, np.ndarray]) -> None:
    layout = LAYOUTS[kind]
    assert layout.fields.itemsize == SIZES[kind][1]
    blocks = layout.blocks(ggml[f"{kind} bytes"])
    assert np.array_equal(layout.values(blocks).reshape(8, 512), ggml[f"{kind} values"])


@pytest.mark.parametrize("kind", LAYOUTS)
def test_put_codes_make_the_same_bytes(kind: str, ggml: dict[str, np.ndarray]) -> None:
    layout, original = LAYOUTS[kind], ggml[f"{kind} bytes"]
    codes = layout.codes(layout.blocks(original))
    other = np.random.default_rng(5).integers(0, len(layout.levels), codes.shape).astype(np.uint8)
    changed = original.copy()
    layout.put(layout.blocks(changed), other)
    assert np.array_equal(layout.codes(layout.blocks(changed)), other)
    assert not np.array_equal(changed, original)
    layout.put(layout.blocks(changed), codes)
    assert np.array_equal(changed, original)
