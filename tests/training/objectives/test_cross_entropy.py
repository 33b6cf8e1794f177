import pytest

pytest.importorskip("torch")

import torch
from torch.nn import functional as F

from training.objectives.cross_entropy import ROWS, chunked_cross_entropy


@pytest.mark.parametrize("tokens", [1, ROWS, 2 * ROWS + 7])
def test_loss_and_gradients_equal_torch(tokens: int) -> None:
    torch.manual_seed(0)
    hidden = torch.randn(tokens, 24, requires_grad=True)
    head = torch.randn(50, 24, requires_grad=True)
    targets = torch.randint(0, 50, (tokens,))
    weights = torch.rand(tokens)
    weights[::3] = 0.0
    expected = (F.cross_entropy(hidden @ head.T, targets, reduction="none") * weights).sum()
    wanted = torch.autograd.grad(2 * expected, (hidden, head))
    loss = chunked_cross_entropy(hidden, head, targets, weights)
    got = torch.autograd.grad(2 * loss, (hidden, head))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(got, wanted)


def test_low_precision_keeps_fp32_head_gradient() -> None:
    torch.manual_seed(0)
    hidden = torch.randn(40, 16)
    head = torch.randn(30, 16, requires_grad=True)
    targets, weights = torch.randint(0, 30, (40,)), torch.ones(40)
    chunked_cross_entropy(hidden.bfloat16(), head, targets, weights).backward()
    (exact,) = torch.autograd.grad(
        F.cross_entropy(hidden @ head.T, targets, reduction="sum"), (head,)
    )
    assert head.grad.dtype == torch.float32
    torch.testing.assert_close(head.grad, exact, rtol=0.05, atol=0.15)


def test_nothing_to_learn_costs_nothing() -> None:
    loss = chunked_cross_entropy(
        torch.randn(4, 8), torch.randn(9, 8), torch.zeros(4, dtype=torch.long), torch.zeros(4)
    )
    assert loss.item() == 0.0
