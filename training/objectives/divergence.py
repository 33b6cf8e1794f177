"""Divergence of a student from a teacher, token by token; logits exist for a chunk of rows only.

P is the teacher, Q = softmax(z) the student, M = β P + (1 - β) Q. One dial, β, names them all:

    β = 0      forward KL   D = Σ P log(P / Q)                          g = -P / Q
    β = 1      reverse KL   D = Σ Q log(Q / P)                          g = log(Q / P)
    between    JSD(β)       D = β Σ P log(P / M) + (1 - β) Σ Q log(Q / M)   g = (1 - β) log(Q / M)

(Agarwal et al., arXiv 2306.13649). With g = ∂D/∂Q up to a constant, ∂D/∂z = Q (g - Σ Q g), so the
gradient is formed while the chunk's logits are in hand and backward only scales stored tensors.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

# A chunk takes four buffers (Jensen-Shannon five) of rows × vocabulary: one of cross_entropy.py's.
ROWS = 128
_LEAST = -80.0  # logarithm of a share that counts as none; exp(80) still fits into fp32


@dataclass(frozen=True)
class WholeTeacher:
    """Hidden states [tokens, width] and output matrix [vocab, width] of a teacher, of one type.

    Rows of the matrix beyond the student's vocabulary, which fill it up, are left out.
    """

    hidden: Tensor
    head: Tensor

    def compare(
        self, student: Tensor, part: slice, beta: float, temperature: float
    ) -> tuple[Tensor, Tensor]:
        """Divergence [rows] of a chunk and its g [rows, vocab], given the student's log Q."""
        logits = (
            (self.hidden[part] @ self.head[: student.shape[1]].T)
            .to(student.dtype)
            .div_(temperature)
        )
        return compare(student, logits.sub_(logits.logsumexp(-1, keepdim=True)), beta)


@dataclass(frozen=True)
class StoredTeacher:
    """The k likeliest tokens of a teacher: ids [tokens, k] int64, logs [tokens, k + 1].

    logs are log-probabilities, the last column all other tokens together. It is the divergence of
    the distributions over these k + 1 outcomes, which is never more than over the vocabulary.
    The temperature is the one with which the logs were stored.
    """

    ids: Tensor
    logs: Tensor

    def compare(
        self, student: Tensor, part: slice, beta: float, temperature: float
    ) -> tuple[Tensor, Tensor]:
        """Divergence [rows] of a chunk and its g [rows, vocab], given the student's log Q."""
        ids, logs = self.ids[part], self.logs[part].to(student.dtype).log_softmax(-1)
        rest = student.scatter(1, ids, -torch.inf).logsumexp(-1, keepdim=True)
        few = torch.cat([student.gather(1, ids), rest], dim=1)
        value, slope = compare(few.clamp_(min=_LEAST), logs.clamp_(min=_LEAST), beta)
        wide = slope[:, -1:].repeat(1, student.shape[1]).scatter_(1, ids, slope[:, :-1])
        return value, wide


Teacher = WholeTeacher | StoredTeacher


def compare(student: Tensor, teacher: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """D and g of the table above, given log Q and log P, [rows, outcomes]; D is [rows], in nats."""
    if beta == 0:
        ratio = teacher - student
        value = teacher.exp().mul_(ratio).sum(-1)
        return value, ratio.clamp_(max=-_LEAST).exp_().neg_()
    if beta == 1:
        ratio = student - teacher
        return student.exp().mul_(ratio).sum(-1), ratio
    mixed = torch.logaddexp(teacher + math.log(beta), student + math.log(1 - beta))
    value = beta * teacher.exp().mul_(teacher - mixed).sum(-1)
    slope = torch.sub(student, mixed, out=mixed).mul_(1 - beta)
    return value + student.exp().mul_(slope).sum(-1), slope


class _ChunkedDivergence(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        head: Tensor,
        teacher: Teacher,
        weights: Tensor,
        beta: float,
        temperature: float,
        gradients: bool,
    ) -> Tensor:
        head_low = head.to(hidden.dtype)
        grad_hidden = torch.empty_like(hidden)
        grad_head = torch.zeros_like(head) if gradients and ctx.needs_input_grad[1] else None
        kind = torch.promote_types(hidden.dtype, torch.float32)
        total = torch.zeros((), dtype=kind, device=hidden.device)
        for start in range(0, hidden.shape[0], ROWS):
            part = slice(start, start + ROWS)
            student = (hidden[part] @ head_low.T).to(kind).div_(temperature)
            student.sub_(student.logsumexp(-1, keepdim=True))
            value, slope = teacher.compare(student, part, beta, temperature)
            total += (weights[part] * value).sum()
            if not gradients:
                continue
            share = student.exp_()
            slope.sub_((share * slope).sum(-1, keepdim=True)).mul_(share)
            slope.mul_(weights[part, None] / temperature)
            slope = slope.to(hidden.dtype)
            torch.mm(slope, head_low, out=grad_hidden[part])
            if grad_head is not None:
                grad_head += slope.T @ hidden[part]
            del student, share, slope  # or they stand beside the next chunk's
        ctx.grads = grad_hidden, grad_head
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden, grad_head = ctx.grads
        ctx.grads = None  # the graph outlives this; scaled in place, nothing is held twice
        if grad_head is not None:
            grad_head.mul_(grads[0])
        return grad_hidden.mul_(grads[0]), grad_head, None, None, None, None, None


def chunked_divergence(
    hidden: Tensor,
    head: Tensor,
    teacher: Teacher,
    weights: Tensor,
    beta: float,
    temperature: float = 1.0,
) -> Tensor:
    """Sum over tokens of weight × divergence of the student from the teacher, in nats.

    hidden: [tokens, width] of the student; its dtype is that of the matrix products. head:
    [vocab, width]. teacher: of the same tokens. weights: [tokens]. beta: 0 = forward KL, 1 =
    reverse KL, between = Jensen-Shannon. temperature: divides the logits of both.
    """
    loss: Tensor = _ChunkedDivergence.apply(
        hidden, head, teacher, weights, beta, temperature, torch.is_grad_enabled()
    )
    return loss
