import math

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from training.objectives.divergence import (
    ROWS,
    StoredTeacher,
    WholeTeacher,
    chunked_divergence,
    compare,
)

VOCABULARY = 40


def plain(student: Tensor, teacher: Tensor, beta: float) -> Tensor:
    """The definitions, on log-probabilities, by torch's own kl_div (arguments: log Q, log P)."""

    def kl(p: Tensor, q: Tensor) -> Tensor:
        return F.kl_div(q, p, reduction="none", log_target=True).sum(-1)

    if beta == 0:
        return kl(teacher, student)
    if beta == 1:
        return kl(student, teacher)
    mixed = (beta * teacher.exp() + (1 - beta) * student.exp()).log()
    return beta * kl(teacher, mixed) + (1 - beta) * kl(student, mixed)


def make(tokens: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    torch.manual_seed(0)
    hidden = torch.randn(tokens, 12, dtype=dtype, requires_grad=True)
    head = torch.randn(VOCABULARY, 12, dtype=dtype, requires_grad=True)
    other, matrix = torch.randn(tokens, 20, dtype=dtype), torch.randn(VOCABULARY, 20, dtype=dtype)
    weights = torch.rand(tokens, dtype=dtype)
    weights[::3] = 0
    return hidden, head, other, matrix, weights


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize(("tokens", "temperature"), [(1, 1.0), (2 * ROWS + 7, 2.5)])
def test_value_and_gradients_equal_autograd(beta: float, tokens: int, temperature: float) -> None:
    hidden, head, other, matrix, weights = make(tokens, torch.float64)
    student = (hidden @ head.T / temperature).log_softmax(-1)
    teacher = (other @ matrix.T / temperature).log_softmax(-1)
    expected = (weights * plain(student, teacher, beta)).sum()
    wanted = torch.autograd.grad(3 * expected, (hidden, head))
    whole = WholeTeacher(other, matrix)
    loss = chunked_divergence(hidden, head, whole, weights, beta, temperature)
    got = torch.autograd.grad(3 * loss, (hidden, head))
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-8)
    with torch.no_grad():  # as for held-out data
        assert chunked_divergence(hidden, head, whole, weights, beta, temperature) == loss


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("k", [5, VOCABULARY])
def test_stored_teacher_equals_autograd_over_its_outcomes(beta: float, k: int) -> None:
    hidden, head, other, matrix, weights = make(ROWS + 3, torch.float64)
    top, ids = (other @ matrix.T).log_softmax(-1).topk(k)
    rest = torch.log1p(-top.exp().sum(-1, keepdim=True).clamp(max=1 - 1e-12))
    stored = torch.cat([top, rest], 1)
    student = (hidden @ head.T).log_softmax(-1)
    chosen = student.gather(1, ids)
    if k < VOCABULARY:
        last = torch.log1p(-chosen.exp().sum(-1, keepdim=True))
        expected = plain(torch.cat([chosen, last], 1), stored, beta)
    else:
        expected = plain(chosen, top, beta)
    expected = (weights * expected).sum()
    wanted = torch.autograd.grad(expected, (hidden, head))
    loss = chunked_divergence(hidden, head, StoredTeacher(ids, stored), weights, beta)
    got = torch.autograd.grad(loss, (hidden, head))
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-7)


def test_fewer_outcomes_never_diverge_more() -> None:
    hidden, head, other, matrix, weights = make(50, torch.float32)
    found = [
        chunked_divergence(
            hidden, head, StoredTeacher(ids, torch.cat([top, rest], 1)), weights, 1.0
        ).item()
        for k in (1, 4, 16)
        for top, ids in [(other @ matrix.T).log_softmax(-1).topk(k)]
        for rest in [torch.log1p(-top.exp().sum(-1, keepdim=True))]
    ]
    whole = chunked_divergence(hidden, head, WholeTeacher(other, matrix), weights, 1.0).item()
    assert found == sorted(found)
    assert found[-1] < whole


def test_two_outcomes_by_hand() -> None:
    """P = (3/4, 1/4), Q = (1/2, 1/2)."""
    student, teacher = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.75, 0.25]]).log()
    forward = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    reverse = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    middle = 0.5 * (0.75 * math.log(0.75 / 0.625) + 0.25 * math.log(0.25 / 0.375))
    middle += 0.5 * (0.5 * math.log(0.5 / 0.625) + 0.5 * math.log(0.5 / 0.375))
    for beta, wanted in ((0.0, forward), (1.0, reverse), (0.5, middle)):
        assert compare(student, teacher, beta)[0].item() == pytest.approx(wanted, abs=1e-6)


def test_opposite_certainties_stay_finite() -> None:
    """A student that is sure of what the teacher excludes, in fp32."""
    hidden = torch.tensor([[200.0]], requires_grad=True)
    head, opposite = torch.tensor([[1.0], [-1.0]]), torch.tensor([[-1.0], [1.0]])
    for beta in (0.0, 0.5, 1.0):
        teacher = WholeTeacher(hidden.detach(), opposite)
        loss = chunked_divergence(hidden, head, teacher, torch.ones(1), beta)
        (slope,) = torch.autograd.grad(loss, hidden)
        assert loss.isfinite()
        assert slope.isfinite().all()


class _Largest(TorchDispatchMode):
    """Notes how many elements the largest tensor that any operation made has."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple) else (made,):
            if isinstance(one, Tensor):
                self.elements = max(self.elements, one.numel())
        return made


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("stored", [False, True])
def test_no_tensor_is_larger_than_a_chunk_of_logits(beta: float, stored: bool) -> None:
    hidden, head, other, matrix, weights = make(3 * ROWS, torch.float32)
    teacher = WholeTeacher(other, matrix)
    if stored:
        few = torch.randn(3 * ROWS, 4).log_softmax(-1)
        teacher = StoredTeacher(torch.arange(3).repeat(3 * ROWS, 1), few)
    with _Largest() as largest:
        chunked_divergence(hidden, head, teacher, weights, beta).backward()
    assert largest.elements == ROWS * VOCABULARY
