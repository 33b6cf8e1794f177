"""Rounding to a grid, against a search through all of its points, and its gradient."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from training.models.blocks import LAYOUTS
from training.models.rounding import Rounding

ROWS, COLUMNS = 4, 512


def some_rounding(kind: str, order: tuple[int, ...] = (0, 1, 2, 3)) -> Rounding:
    """The grid of random blocks; the first has one point only."""
    layout, chance = LAYOUTS[kind], np.random.default_rng(7)
    count = ROWS * COLUMNS // (256 if kind.endswith(("K", "XS")) else 32)
    data = chance.integers(0, 256, count * layout.fields.itemsize).astype(np.uint8)
    blocks = layout.blocks(data)
    for name in {"d", "m"} & set(layout.fields.names or ()):
        blocks[name] = chance.uniform(0.001, 0.01, count)
    blocks["d"][0] = 0
    return Rounding(layout, blocks, np.array(order))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_it_is_the_nearest_point_of_the_grid(kind: str) -> None:
    rounding = some_rounding(kind)
    weight = torch.randn(ROWS, COLUMNS, generator=torch.Generator().manual_seed(1)) / 4
    groups = weight.view(*rounding.scale.shape, -1, 1)
    scale, minimum = (part[..., None, None] for part in (rounding.scale, rounding.minimum))
    points = scale * torch.tensor(LAYOUTS[kind].levels) - minimum
    found = rounding(weight)
    least = (points - groups).abs().amin(-1).view_as(weight)
    assert torch.allclose((found - weight).abs(), least, atol=1e-6)
    values = points.expand(*groups.shape[:-1], -1).gather(
        -1, torch.from_numpy(rounding.codes(weight)).long().view_as(groups)
    )
    assert torch.equal(values.view_as(weight), found)
    assert torch.equal(rounding(found), found)


def test_the_gradient_goes_straight_through() -> None:
    weight = torch.randn(ROWS, COLUMNS, requires_grad=True)
    asked = torch.randn(ROWS, COLUMNS)
    (some_rounding("Q4_K")(weight) * asked).sum().backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad, asked)


def test_rows_in_another_order_have_their_own_grid() -> None:
    order = torch.tensor([2, 0, 3, 1])  # the row of the model for each row of the file
    plain, other = some_rounding("Q5_K"), some_rounding("Q5_K", (2, 0, 3, 1))
    weight = torch.randn(ROWS, COLUMNS) / 4
    moved = torch.empty_like(weight)
    moved[order] = weight
    assert torch.equal(other(moved)[order], plain(weight))
    assert np.array_equal(other.codes(moved), plain.codes(weight))
