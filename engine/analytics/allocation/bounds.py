"""Floors and caps of the weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.analytics.returns import Floats
from engine.core.errors import KnownError

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """0 <= lower <= weight <= upper <= 1 for each asset, fractions of the whole.

    Raises KnownError if no weights that add up to 1 fit in between.
    """

    lower: Floats
    upper: Floats

    def __post_init__(self) -> None:
        if np.any(self.lower < 0) or np.any(self.upper > 1) or np.any(self.lower > self.upper):
            raise KnownError(
                "A weight's limits must lie between 0 % and 100 %, the floor not above the cap.",
                "Change the limits.",
            )
        if self.lower.sum() > 1 + _ROUNDING:
            raise KnownError(
                f"The floors add up to {self.lower.sum():.0%}, more than the whole.",
                "Lower some of them.",
            )
        if self.upper.sum() < 1 - _ROUNDING:
            raise KnownError(
                f"The caps leave room for only {self.upper.sum():.0%} of the money.",
                "Raise a cap or add an asset.",
            )

    def fill(self, base: Floats) -> Floats:
        """Weights in proportion to `base` (> 0) as far as floors and caps allow.

        clip(c * base, lower, upper) for the one c that makes the sum 1: what a cap cuts off goes
        to the others in proportion.
        """
        plain: Floats = base / base.sum()
        if np.all(plain >= self.lower) and np.all(plain <= self.upper):
            return plain
        corners = np.unique(np.concatenate((self.lower / base, self.upper / base)))
        sums = np.clip(np.outer(corners, base), self.lower, self.upper).sum(axis=1)
        factor = float(np.interp(1.0, sums, corners))
        return np.clip(factor * base, self.lower, self.upper)

    def highest(self, values: Floats) -> Floats:
        """The weights with the largest values'w: room is given to the highest value first."""
        weights = self.lower.copy()
        left = 1.0 - float(weights.sum())
        for asset in np.argsort(-values, kind="stable"):
            given = min(left, float(self.upper[asset] - self.lower[asset]))
            weights[asset] += given
            left -= given
        return weights


def limits(
    assets: Sequence[str],
    cap: float = 1.0,
    caps: Mapping[str, float] | None = None,
    floors: Mapping[str, float] | None = None,
) -> Bounds:
    """Bounds by name: `cap` for every asset, `caps` and `floors` for some (fractions).

    Raises KnownError for a limit of an asset that is not there, and as Bounds does.
    """
    caps, floors = caps or {}, floors or {}
    for name in (*caps, *floors):
        if name not in assets:
            raise KnownError(
                f"There is a limit for {name}, which is not among the assets.",
                f"Add {name} or remove the limit.",
            )
    return Bounds(
        np.array([floors.get(name, 0.0) for name in assets], dtype=np.float64),
        np.array([caps.get(name, cap) for name in assets], dtype=np.float64),
    )
