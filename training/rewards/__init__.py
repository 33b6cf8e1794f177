"""Rewards: what is a good answer. Each is a pure function of a Sample, in a stated range."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from training.rewards.arithmetic import arithmetic
from training.rewards.form import length, repetition, right_answer, think_format
from training.rewards.report_format import report_format
from training.rewards.safety import safety
from training.rewards.sample import Sample
from training.rewards.tool_success import tool_success

__all__ = ["NAMES", "RewardConfig", "Sample", "Scorer", "build"]

Many = Callable[[Sequence[Sample]], list[float]]
_SIMPLE: dict[str, tuple[Callable[[Sample], float], float, float]] = {
    "report_format": (report_format, 0, 1),
    "safety": (safety, -1, 1),
    "tool_success": (tool_success, 0, 1),
    "arithmetic": (arithmetic, 0, 1),
    "right_answer": (right_answer, 0, 1),
    "think_format": (think_format, 0, 1),
    "length": (length, -1, 0),
    "repetition": (repetition, -1, 0),
}
NAMES = (*_SIMPLE, "judge:FOLDER", "reward_model:FOLDER")


@dataclass(frozen=True)
class RewardConfig:
    """One of [[rewards]] in a recipe; name: one of NAMES."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Scorer:
    """The weighted sum of some rewards. low, high: between which it lies."""

    members: tuple[tuple[str, float, Many], ...]
    low: float
    high: float

    def score(self, samples: Sequence[Sample]) -> list[dict[str, float]]:
        """Each reward by name, and under "reward" their weighted sum."""
        found = {name: reward(samples) for name, _, reward in self.members}
        rows = [{name: found[name][i] for name in found} for i in range(len(samples))]
        weights = {name: weight for name, weight, _ in self.members}
        return [{"reward": sum(weights[n] * row[n] for n in row), **row} for row in rows]


def build(rewards: Iterable[tuple[str, float]]) -> Scorer:
    """The scorer of (name, weight) pairs; ValueError for a name it does not know."""
    members, low, high = [], 0.0, 0.0
    for name, weight in rewards:
        reward, least, most = _reward(name)
        members.append((name.partition(":")[0], weight, reward))
        low += min(weight * least, weight * most)
        high += max(weight * least, weight * most)
    if not members:
        raise ValueError("rewards, what a good answer is, are missing.")
    return Scorer(tuple(members), low, high)


def _reward(name: str) -> tuple[Many, float, float]:
    kind, _, folder = name.partition(":")
    if kind in _SIMPLE:
        one, low, high = _SIMPLE[kind]
        return lambda samples: [float(one(sample)) for sample in samples], low, high
    if kind == "judge" and folder:
        from training.rewards.judge import judge  # noqa: PLC0415  (torch is slow to import)

        return judge(folder), 0.0, 1.0
    if kind == "reward_model" and folder:
        from training.rewards.model import reward_model  # noqa: PLC0415

        return reward_model(folder), -math.inf, math.inf
    raise ValueError(f"Unknown reward {name!r}; known are {', '.join(NAMES)}.")
