"""Policy objectives against the formulas written out by hand, and gradients by differences."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from training.objectives.policy import (
    cispo,
    clipped_surrogate,
    degenerate,
    group_advantages,
    k3,
    token_weights,
)

OLD = torch.tensor([[-1.0, -2.0, -0.5], [-0.7, -1.5, -3.0]], dtype=torch.float64)
NEW = torch.tensor([[-0.5, -2.05, -1.2], [-1.4, -1.0, -2.9]], dtype=torch.float64)
ADVANTAGES = torch.tensor([[1.5], [-0.8]], dtype=torch.float64)
LOW, HIGH = 0.2, 0.28


def slopes(loss: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Central differences of the sum of a loss."""
    found = torch.zeros_like(at)
    for place in range(at.numel()):
        step = torch.zeros_like(at)
        step.view(-1)[place] = 1e-6
        found.view(-1)[place] = (loss(at + step).sum() - loss(at - step).sum()) / 2e-6
    return found


def gradient(loss: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    point = at.clone().requires_grad_()
    loss(point).sum().backward()
    assert point.grad is not None
    return point.grad


def test_group_advantages_by_hand() -> None:
    """1, 2, 6: mean 3, variance ((-2)² + (-1)² + 3²) / 2 = 7."""
    rewards = torch.tensor([[1.0, 2.0, 6.0], [4.0, 4.0, 4.0]])
    wanted = torch.tensor([[-2.0, -1.0, 3.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(group_advantages(rewards, scaled=False), wanted)
    torch.testing.assert_close(group_advantages(rewards), wanted / math.sqrt(7))
    assert degenerate(rewards).tolist() == [False, True]


def test_the_clipped_surrogate_by_hand() -> None:
    loss, clipped = clipped_surrogate(NEW, OLD, ADVANTAGES, LOW, HIGH)
    for row in range(2):
        for place in range(3):
            ratio = math.exp(float(NEW[row, place] - OLD[row, place]))
            bounded = min(max(ratio, 0.8), 1.28)
            advantage = float(ADVANTAGES[row, 0])
            wanted = -min(ratio * advantage, bounded * advantage)
            assert float(loss[row, place]) == pytest.approx(wanted, abs=1e-12)
            takes = ratio > 1.28 if advantage > 0 else ratio < 0.8
            assert bool(clipped[row, place]) == takes
    assert clipped.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_gradients_of_the_clipped_surrogate() -> None:
    def loss(at: Tensor) -> Tensor:
        return clipped_surrogate(at, OLD, ADVANTAGES, LOW, HIGH)[0]

    found = gradient(loss, NEW)
    torch.testing.assert_close(found, slopes(loss, NEW), atol=1e-7, rtol=1e-6)
    _, clipped = clipped_surrogate(NEW, OLD, ADVANTAGES, LOW, HIGH)
    assert ((found == 0) == clipped.bool()).all()
    at_old = gradient(loss, OLD)
    torch.testing.assert_close(at_old, -ADVANTAGES.expand(2, 3), msg="REINFORCE at ratio 1")


def test_cispo_by_hand_keeps_the_gradient_of_every_token() -> None:
    ratio = (NEW - OLD).exp()
    weight = ratio.clamp(0.8, 1.28)
    loss, clipped = cispo(NEW, OLD, ADVANTAGES, LOW, HIGH)
    torch.testing.assert_close(loss, -weight * ADVANTAGES * NEW)
    found = gradient(lambda at: cispo(at, OLD, ADVANTAGES, LOW, HIGH)[0], NEW)
    torch.testing.assert_close(found, -weight * ADVANTAGES)
    assert clipped.tolist() == ((ratio < 0.8) | (ratio > 1.28)).double().tolist()


def test_k3_is_never_negative_and_its_mean_is_the_divergence() -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    q = torch.tensor([0.2, 0.2, 0.6], dtype=torch.float64)
    per_token = k3(p.log(), q.log())
    assert (per_token >= 0).all()
    exact = (p * (p / q).log()).sum()
    assert float((p * per_token).sum()) == pytest.approx(float(exact))
    torch.testing.assert_close(k3(p.log(), p.log()), torch.zeros(3, dtype=torch.float64))
    found = gradient(lambda at: k3(at, q.log()), p.log())
    torch.testing.assert_close(found, 1 - q / p)


def test_token_weights_of_each_loss() -> None:
    """Rows of 3 and 1 tokens: what each token counts in the whole is w / divisor."""
    mask = torch.tensor([[1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]])
    shares = {}
    for kind in ("grpo", "dr_grpo", "dapo", "cispo"):
        weights, norm = token_weights(mask, kind, longest=10)  # type: ignore[arg-type]
        shares[kind] = [float(weights[0, 0]) / norm, float(weights[1, 1]) / norm]
        assert ((weights > 0) == (mask > 0)).all()
    assert shares["grpo"] == pytest.approx([1 / 6, 1 / 2])
    assert shares["dr_grpo"] == pytest.approx([1 / 20, 1 / 20])
    assert shares["dapo"] == shares["cispo"] == pytest.approx([1 / 4, 1 / 4])
