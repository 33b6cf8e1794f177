import pytest

pytest.importorskip("torch")

import torch

from training.objectives.ppo import (
    adapted_weight,
    generalised_advantages,
    token_rewards,
    value_loss,
    whitened,
)

# A prompt token, three tokens of the answer, one of padding.
MASK = torch.tensor([[0.0, 1, 1, 1, 0]])
VALUES = torch.tensor([[9.0, 1, 2, 4, 9]])
REWARDS = torch.tensor([[9.0, 0, 1, 5, 9]])


def test_advantages_by_hand() -> None:
    # γ = ½, λ = ½: δ = 0 + 1 - 1, 1 + 2 - 2, 5 - 4 = 0, 1, 1; A = 0 + ¼·1.25, 1 + ¼·1, 1
    found = generalised_advantages(REWARDS, VALUES, MASK, gamma=0.5, decay=0.5)
    assert found.tolist() == [[0, 0.3125, 1.25, 1, 0]]


def test_without_decay_it_is_what_is_to_come_less_the_value() -> None:
    found = generalised_advantages(REWARDS, VALUES, MASK, gamma=1.0, decay=1.0)
    assert found.tolist() == [[0, 6 - 1, 6 - 2, 5 - 4, 0]]
    one_step = generalised_advantages(REWARDS, VALUES, MASK, gamma=1.0, decay=0.0)
    assert one_step.tolist() == [[0, 0 + 2 - 1, 1 + 4 - 2, 5 - 4, 0]]


def test_the_score_is_given_for_the_last_token() -> None:
    kl = torch.tensor([[7.0, 1, 2, -1, 7], [7.0, 1, 7, 7, 7]])
    mask = torch.tensor([[0.0, 1, 1, 1, 0], [0.0, 1, 0, 0, 0]])
    found = token_rewards(torch.tensor([10.0, 20.0]), kl, mask, weight=0.5)
    assert found.tolist() == [[0, -0.5, -1, 10.5, 0], [0, 19.5, 0, 0, 0]]


def test_whitening_looks_at_the_answers_only() -> None:
    found = whitened(torch.tensor([[100.0, 1, 3, 5, 100]]), MASK)
    assert found[0, [0, 4]].tolist() == [0, 0]
    torch.testing.assert_close(found[0, 1:4], torch.tensor([-1.0, 0, 1]) * 1.5**0.5)


def test_equal_advantages_teach_nothing() -> None:
    assert whitened(torch.full((1, 5), 3.0), MASK).tolist() == [[0.0] * 5]


def test_value_loss_and_where_its_gradient_ends() -> None:
    values = torch.tensor([1.5, 3.0, 0.0], requires_grad=True)
    old, returns = torch.ones(3), torch.tensor([2.0, 2.0, 2.0])
    losses = value_loss(values, old, returns, clip=1.0)
    # The second is farther than the clip from old, at 2; the larger error counts.
    assert losses.tolist() == [0.125, 0.5, 2.0]
    value_loss(values, old, torch.full((3,), 4.0), clip=1.0).sum().backward()
    # 3.0 has gone towards 4 by more than the clip: held at 2, it is to go no further.
    assert values.grad.tolist() == [-2.5, 0.0, -4.0]


@pytest.mark.parametrize(("kl", "expected"), [(6.0, 1.0), (6.6, 1.01), (60.0, 1.02), (0.0, 0.98)])
def test_the_penalty_follows_the_target(kl: float, expected: float) -> None:
    assert adapted_weight(1.0, kl, target=6.0) == pytest.approx(expected)
