import math

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.objectives.dpcd import (
    Coefficients,
    Task,
    coherence,
    complexity,
    decay,
    mean_and_deviation,
    quality_loss,
    step_weight,
)

DEFAULTS = Coefficients()


def test_defaults_are_the_sources() -> None:
    assert (DEFAULTS.lambda_base, DEFAULTS.lambda_high) == (0.3, 0.7)
    assert (DEFAULTS.beta, DEFAULTS.delta, DEFAULTS.tau) == (0.2, 0.1, 0.85)


def test_decay_by_hand() -> None:
    assert decay(4, 0.1) == pytest.approx([0.97530991, 0.95122942, 0.92774349, 0.90483742])
    assert decay(3, 0.0) == [1.0, 1.0, 1.0]


def test_complexity_by_hand() -> None:
    assert complexity(5, 1.0) == 5.0
    assert complexity(4, 3.0) == 8.0


def test_moments_by_hand() -> None:
    assert mean_and_deviation([2, 4, 4, 4, 5, 5, 7, 9]) == (5.0, 2.0)
    assert mean_and_deviation([]) == (0.0, 0.0)


@pytest.mark.parametrize("task", [Task.DEFI, Task.RISK])
def test_weight_of_analyses_follows_tanh(task: Task) -> None:
    def weight(height: float) -> float:
        return step_weight(task, height, (5.0, 2.0), 0.5, DEFAULTS)

    assert weight(5.0) == pytest.approx(0.7)
    assert weight(7.0) == pytest.approx(0.7 * 1.7615941559557649)  # tanh 1
    assert weight(3.0) == pytest.approx(0.7 * 0.2384058440442351)
    assert step_weight(task, 9.0, (5.0, 0.0), 0.5, DEFAULTS) == 0.7


def test_weight_of_the_other_tasks() -> None:
    for task in (Task.MARKET, Task.PRICE):
        assert step_weight(task, 9.0, (5.0, 2.0), 0.5, DEFAULTS) == 0.3
    assert step_weight(Task.OTHER, 9.0, (5.0, 2.0), 0.5, DEFAULTS) == pytest.approx(0.45)
    flat = Coefficients(by_task=False)
    assert {step_weight(task, 9.0, (5.0, 2.0), 0.5, flat) for task in Task} == {0.3}


def test_coherence_by_hand() -> None:
    """Two steps: (1/2, 1/8) with geometric mean 1/4, and 3/4 alone; their mean is 1/2."""
    logs = torch.tensor([[0.9, 0.5, 0.125, 0.75, 0.1], [0.3] * 5]).log()
    steps = torch.tensor([[0, 1, 1, 2, 0], [0] * 5])
    assert coherence(logs, steps).tolist() == pytest.approx([0.5, 1.0])


def test_coherence_skips_numbers_without_tokens() -> None:
    logs, steps = torch.tensor([[0.5, 0.25]]).log(), torch.tensor([[1, 3]])
    assert coherence(logs, steps).item() == pytest.approx(0.375)


def test_quality_loss_pulls_only_below_tau() -> None:
    assert quality_loss(torch.tensor([0.5, 0.85, 0.9]), 0.85).tolist() == pytest.approx(
        [0.35, 0.0, 0.0]
    )
    logs = torch.tensor([[0.5, 0.125], [0.99, 0.99]], dtype=torch.float64).log().requires_grad_()
    steps = torch.tensor([[1, 2], [1, 2]])
    quality_loss(coherence(logs, steps), 0.85).sum().backward()
    # d(-C)/d log p = -p / T for steps of one token.
    assert logs.grad.flatten().tolist() == pytest.approx([-0.25, -0.0625, 0, 0])


@given(st.lists(st.floats(-9, 0), min_size=1, max_size=12), st.data())
def test_coherence_is_a_share_and_ignores_order_of_tokens(
    logs: list[float], data: st.DataObject
) -> None:
    steps = [data.draw(st.integers(0, 4)) for _ in logs]
    order = data.draw(st.permutations(range(len(logs))))
    one = coherence(torch.tensor([logs]), torch.tensor([steps])).item()
    two = coherence(
        torch.tensor([[logs[i] for i in order]]), torch.tensor([[steps[i] for i in order]])
    ).item()
    assert one == pytest.approx(two, abs=1e-5)
    assert -1e-6 <= one <= 1 + 1e-6
    assert math.isfinite(one)


@pytest.mark.parametrize("wrong", [{"beta": -0.1}, {"tau": 1.5}, {"lambda_base": -1.0}])
def test_wrong_coefficients_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="tau lies between"):
        Coefficients(**wrong)  # type: ignore[arg-type]  # floats only
