"""Where ggml's types keep levels, against its own way of reading them and hand arithmetic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.jobs.ggml import packed, unpacked
from quantize.jobs.levels import TYPES_WITH_LEVELS, levels_of


def numbers(seed: int, width: int = 512) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(6, width)).astype(np.float32)


@pytest.mark.parametrize("kind", sorted(TYPES_WITH_LEVELS))
def test_levels_are_what_ggml_reads(kind: str) -> None:
    """Other levels with the same scales; then what is nearest to the numbers read is the same."""
    data = packed(numbers(1), kind, None)
    levels = levels_of(kind)
    base, step = levels.grid(data)
    chosen, expected = levels.nearest(3 * numbers(2), base, step)
    stored = levels.store(data, chosen)
    np.testing.assert_allclose(unpacked(stored, kind), expected, rtol=1e-5, atol=1e-6)
    again, _ = levels.nearest(expected, base, step)
    np.testing.assert_array_equal(again[step != 0], chosen[step != 0])
    own, values = levels.nearest(unpacked(data, kind), base, step)
    np.testing.assert_array_equal(unpacked(levels.store(data, own), kind), unpacked(data, kind))
    assert (stored != data).any()
    assert np.abs(values - numbers(1)).max() < np.abs(numbers(1)).max()


@pytest.mark.parametrize("kind", ["Q4_K", "IQ4_XS", "Q6_K"])
def test_the_nearest_is_the_nearest(kind: str) -> None:
    """Against trying every level."""
    levels = levels_of(kind)
    base, step = levels.grid(packed(numbers(1), kind, None))
    values = 2 * numbers(4)
    _, found = levels.nearest(values, base, step)
    count = 64 if kind == "Q6_K" else 16
    far = base + 1000 * step  # beyond all levels
    tries = [levels.nearest(far, base, step)[1]]
    for level in range(count):
        every = np.full(base.shape, level, np.uint8)
        tries.append(unpacked(levels.store(packed(numbers(1), kind, None), every), kind))
    best = np.abs(np.array(tries) - values).min(axis=0)
    np.testing.assert_allclose(np.abs(found - values), best, atol=1e-5)


def test_four_bits_by_hand() -> None:
    """Q4_0: a half-precision scale, then 16 bytes: weight j in the low half of byte j, j + 16 in
    the high one; the weight is scale · (level - 8)."""
    data = packed(numbers(3, 32), "Q4_0", None)
    chosen = np.random.default_rng(5).integers(0, 16, (6, 32)).astype(np.uint8)
    stored = levels_of("Q4_0").store(data, chosen)
    np.testing.assert_array_equal(stored[:, :2], data[:, :2])
    np.testing.assert_array_equal(stored[:, 2:], chosen[:, :16] | chosen[:, 16:] << 4)
    base, step = levels_of("Q4_0").grid(data)
    scale = data[:, :2].copy().view(np.float16).astype(np.float32)
    np.testing.assert_allclose(step, np.repeat(scale, 32, axis=1), rtol=1e-6)
    np.testing.assert_allclose(base, -8 * step, rtol=1e-6)
