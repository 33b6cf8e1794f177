"""Values worked out by hand, for one pair at a time."""

import math

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from training.objectives.preference import (
    answer_log_probs,
    dpo_loss,
    ipo_loss,
    orpo_loss,
    simpo_loss,
)


def pair(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def test_dpo_is_the_log_of_the_sigmoid() -> None:
    # (-4 - -9) - (-5 - -7) = 3; σ(0.1 · 3) = 0.574442516811659
    loss = dpo_loss(pair(3.0), beta=0.1)
    assert loss.item() == pytest.approx(-math.log(0.574442516811659), abs=1e-12)
    assert dpo_loss(pair(0.0), beta=0.1).item() == pytest.approx(math.log(2))


def test_smoothing_mixes_in_the_loss_of_the_swapped_pair() -> None:
    plain, swapped = -math.log(0.574442516811659), -math.log(1 - 0.574442516811659)
    loss = dpo_loss(pair(3.0), beta=0.1, smoothing=0.2)
    assert loss.item() == pytest.approx(0.8 * plain + 0.2 * swapped, abs=1e-12)


def test_dpos_gradient_has_its_closed_form() -> None:
    # Section 4 of the paper: ∂L/∂chosen = -β σ(-β margin), of the rejected the opposite.
    chosen = torch.tensor([-4.0, -2.0], dtype=torch.float64, requires_grad=True)
    rejected = torch.tensor([-9.0, -1.0], dtype=torch.float64, requires_grad=True)
    margin = (chosen - rejected) - torch.tensor([2.0, 0.5], dtype=torch.float64)
    dpo_loss(margin, beta=0.3).sum().backward()
    slope = 0.3 * torch.sigmoid(-0.3 * margin.detach())
    torch.testing.assert_close(chosen.grad, -slope)
    torch.testing.assert_close(rejected.grad, slope)


def test_ipo_pulls_the_margin_to_half_of_one_over_beta() -> None:
    assert ipo_loss(pair(3.0), beta=0.1).item() == pytest.approx(4.0)
    assert ipo_loss(pair(5.0), beta=0.1).item() == 0.0


def test_simpo_compares_means_and_asks_for_a_gap() -> None:
    # -4/2 - -9/3 = 1; 2 · 1 - 0.5 = 1.5
    loss = simpo_loss(pair(-4.0 / 2), pair(-9.0 / 3), beta=2.0, gap=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.5)), abs=1e-12)


def test_orpo_adds_the_odds_ratio_to_the_likelihood() -> None:
    # Mean probabilities 0.5 and 0.25: odds 1 and 1/3, their ratio 3, σ(log 3) = 3/4.
    loss = orpo_loss(pair(math.log(0.5)), pair(math.log(0.25)), strength=0.1)
    assert loss.item() == pytest.approx(math.log(2) + 0.1 * math.log(4 / 3), abs=1e-12)


def test_orpo_stands_a_certain_answer() -> None:
    chosen = torch.zeros(1, requires_grad=True)
    orpo_loss(chosen, torch.tensor([-3.0]), strength=0.1).sum().backward()
    assert math.isfinite(chosen.grad.item())


def test_only_the_surplus_of_the_longer_answer_counts_less() -> None:
    log_probs = torch.tensor([[-9, -1, -2, 0.0], [-3, -1, -4, -5]])
    weights = torch.tensor([[0, 1, 1, 0.0], [1, 1, 1, 1]])
    assert answer_log_probs(log_probs, weights).tolist() == [-3, -13]
    assert answer_log_probs(log_probs, weights, 0.5).tolist() == [-3, -8.5]
    assert answer_log_probs(log_probs, weights, 0.0).tolist() == [-3, -4]
