import math

import pytest

pytest.importorskip("torch")

import torch

from training.objectives.reward_model import bradley_terry_loss


def test_values_by_hand() -> None:
    # σ(log 3) = 3/4; the sum of the rewards is log 3 + 2.
    chosen, rejected = torch.tensor([math.log(3) + 1]), torch.tensor([1.0])
    plain = math.log(4 / 3)
    assert bradley_terry_loss(chosen, rejected).item() == pytest.approx(plain)
    centred = bradley_terry_loss(chosen, rejected, centre=0.01).item()
    assert centred == pytest.approx(plain + 0.01 * (math.log(3) + 2) ** 2)


def test_rewards_that_are_far_apart_stay_finite() -> None:
    losses = bradley_terry_loss(torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4]))
    torch.testing.assert_close(losses, torch.tensor([0.0, 2e4]))
