"""Single-stream Policy Optimization (arXiv 2509.13232): a tracked baseline instead of a group.

For each prompt x a Beta distribution keeps the success v(x) = α / (α + β) that is expected. After
an answer with success s in [0, 1]: α ← ρ α + s, β ← ρ β + 1 - s, where ρ forgets the more the
further the policy has moved since x was last seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LOW, HIGH = 0.5, 0.96  # bounds of ρ: between the last two and the last 25 answers count


def forgetting(kl: Numbers, half_life: float) -> Numbers:
    """ρ = 2^(-KL / half_life), kept within [0.5, 0.96]; kl, half_life: nats per token."""
    rho: Numbers = np.clip(2.0 ** (-kl / half_life), LOW, HIGH)
    return rho


def normalised(advantages: Numbers) -> Numbers:
    """(A - mean) / std over the whole batch; 0 where all are equal."""
    centred: Numbers = advantages - advantages.mean()
    spread = centred.std()
    return centred / spread if spread > 1e-8 else np.zeros_like(centred)


class Tracker:
    """The expected success of every prompt, or one for all as in MiniMind."""

    def __init__(self, count: int, half_life: float, shared: bool = False) -> None:
        """count: prompts. They start at v = 0.5 with the weight of 1 / (1 - 0.5) = 2 answers."""
        size = 1 if shared else count
        self._half_life, self._shared, self._count = half_life, shared, count
        self._alpha = self._beta = np.full(size, 0.5 / (1 - LOW))
        self._seen = np.zeros(size)
        self._drift = 0.0

    def expected(self, prompts: list[int]) -> Numbers:
        """v of each prompt."""
        places = self._places(prompts)
        values: Numbers = self._alpha[places] / (self._alpha[places] + self._beta[places])
        return values

    def moved(self, kl: float) -> None:
        """Note that the policy has moved by so much; the moves since x was seen add up to KL(x)."""
        self._drift += kl

    def update(self, prompts: list[int], successes: Numbers) -> None:
        """Note the success of one answer to each prompt; of several to the same their mean."""
        places, inverse = np.unique(self._places(prompts), return_inverse=True)
        mean = np.bincount(inverse, successes) / np.bincount(inverse)
        rho = forgetting(self._drift - self._seen[places], self._half_life)
        alpha, beta, seen = self._alpha.copy(), self._beta.copy(), self._seen.copy()
        alpha[places] = rho * alpha[places] + mean
        beta[places] = rho * beta[places] + 1 - mean
        seen[places] = self._drift
        self._alpha, self._beta, self._seen = alpha, beta, seen

    def draw(self, count: int, explore: float, generator: np.random.Generator) -> list[int]:
        """Different prompts, more often those of open outcome: chances as sqrt(v (1 - v)) + ε."""
        values = self.expected(list(range(self._count)))
        weights = np.sqrt(values * (1 - values)) + explore
        size = min(count, self._count)
        chosen = generator.choice(self._count, size, replace=False, p=weights / weights.sum())
        return [int(number) for number in chosen]

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        numbers = {"alpha": self._alpha, "beta": self._beta, "seen": self._seen}
        return {"drift": self._drift} | {name: array.tolist() for name, array in numbers.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what state() returned."""
        self._drift = state["drift"]
        self._alpha, self._beta, self._seen = (
            np.array(state[name]) for name in ("alpha", "beta", "seen")
        )

    def _places(self, prompts: list[int]) -> NDArray[np.int64]:
        return np.zeros(len(prompts), np.int64) if self._shared else np.array(prompts)
