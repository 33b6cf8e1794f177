"""Distribution-preserving chain-of-thought distillation (DPCD), every symbol as a function.

    L = L_CE(domain) + λ(t) Σ_i α_i KL(P_student^(i) ‖ P_teacher^(i)) + β L_QS(chain)

Source: the model card of DMind-2-4B, "Core Formulation". What it leaves open is decided here and
listed in docs/training-dpcd.md. The KL itself is objectives/divergence.py with β = 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor


class Task(Enum):
    """What a question asks for, as far as the weight of the KL term depends on it."""

    DEFI = "DeFi analysis"
    RISK = "risk assessment"
    MARKET = "market data"
    PRICE = "price query"
    OTHER = "other"


@dataclass(frozen=True)
class Coefficients:
    """The constants of DPCD; the keys of [dpcd] in a recipe. A coefficient of 0 drops its term.

    domain: of the cross entropy. lambda_base, lambda_high: of the KL term. beta: of the quality
    term. delta: how fast α falls over the steps. tau: the coherence below which a chain is of low
    quality. filter: leave such chains out. by_task: λ depends on the task, else it is lambda_base.
    """

    domain: float = 1.0
    lambda_base: float = 0.3
    lambda_high: float = 0.7
    beta: float = 0.2
    delta: float = 0.1
    tau: float = 0.85
    filter: bool = True
    by_task: bool = True

    def __post_init__(self) -> None:
        numbers = (self.domain, self.lambda_base, self.lambda_high, self.beta, self.delta)
        if min(numbers) < 0 or not 0 <= self.tau <= 1:
            raise ValueError("coefficients are not negative, and tau lies between 0 and 1.")


def decay(steps: int, delta: float) -> list[float]:
    """α_i = exp(-δ i / T) for i = 1 … T."""
    return [math.exp(-delta * step / steps) for step in range(1, steps + 1)]


def complexity(steps: int, branching: float) -> float:
    """H = T log2(1 + b): T steps with b ≥ 1 ways to go on at each; T for a chain without forks.

    Our choice: the source says only that H measures chain length and branching factor.
    """
    return steps * math.log2(1 + branching)


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """μ_H and σ_H over the chains of the training set; (0, 0) without any."""
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def step_weight(
    task: Task,
    height: float,
    moments: tuple[float, float],
    term_share: float,
    coefficients: Coefficients,
) -> float:
    """λ(t) of a chain.

    height: its complexity H. moments: μ_H, σ_H. term_share: S(c) / |V_crypto|, different terms of
    the vocabulary in the chain over its size.

        λ_high (1 + tanh((H - μ_H) / σ_H))    DeFi analysis, risk assessment
        λ_base                                market data, price query
        λ_base (1 + S(c) / |V_crypto|)        otherwise
    """
    base = coefficients.lambda_base
    if not coefficients.by_task or task in {Task.MARKET, Task.PRICE}:
        return base
    if task is Task.OTHER:
        return base * (1 + term_share)
    mean, deviation = moments
    score = (height - mean) / deviation if deviation > 0 else 0.0
    return coefficients.lambda_high * (1 + math.tanh(score))


def coherence(log_probs: Tensor, steps: Tensor) -> Tensor:
    """How surely a model goes from step to step of a chain, in [0, 1], for each row.

        C = 1/T Σ_i exp(mean over the tokens j of step i of log P(y_j | y_<j))

    log_probs: [rows, length] of the tokens of the chains; steps: [rows, length] int64 number of
    the step a token belongs to, from 1; 0 = none. A row without a chain has coherence 1. Our
    choice: the source names a coherence score and does not define it.
    """
    count = int(steps.max()) + 1
    empty = torch.zeros(len(steps), count, dtype=log_probs.dtype, device=log_probs.device)
    sizes = empty.scatter_add(1, steps, torch.ones_like(log_probs))[:, 1:]
    sums = empty.scatter_add(1, steps, log_probs)[:, 1:]
    present = sizes > 0
    sure = (sums / sizes.clamp(min=1)).exp() * present
    number = present.sum(1)
    return torch.where(number > 0, sure.sum(1) / number.clamp(min=1), 1.0)


def quality_loss(coherences: Tensor, tau: float) -> Tensor:
    """L_QS = max(0, τ - C) of each chain: nothing while the student is as coherent as is asked."""
    return (tau - coherences).clamp(min=0)
