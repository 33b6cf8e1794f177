"""Distances between two models' next-token distributions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LogRow = NDArray[np.float64]
LEVELS = (*(round(0.01 * step, 2) for step in range(1, 100)), 0.995, 0.999, 0.9995, 0.9999)
"""Shares of positions whose divergences are told, for plots."""


class Tally:
    """Collects the comparison of two models at many positions of a text."""

    def __init__(self) -> None:
        self._divergences: list[float] = []
        self._agreements = 0
        self._losses: list[tuple[float, float]] = []

    def add(self, reference: LogRow, candidate: LogRow, following: int | None) -> None:
        """Compare ln probabilities [vocabulary] at one position.

        following: id of the token that really follows, for the perplexities.
        """
        # Kullback–Leibler divergence D(reference ‖ candidate) = Σ p (ln p − ln q), in nats.
        divergence = float(np.exp(reference) @ (reference - candidate))
        self._divergences.append(max(0.0, divergence))
        self._agreements += int(reference.argmax() == candidate.argmax())
        if following is not None:
            self._losses.append((-float(reference[following]), -float(candidate[following])))

    def result(self) -> dict[str, Any]:
        """The figures over all positions; names and units as in quantize.compare.Comparison."""
        losses = np.array(self._losses).mean(axis=0)
        p99, p999, most = np.quantile(self._divergences, (0.99, 0.999, 1.0))
        return {
            "positions": len(self._divergences),
            "mean_divergence": float(np.mean(self._divergences)),
            "p99_divergence": float(p99),
            "p999_divergence": float(p999),
            "max_divergence": float(most),
            "agreement": self._agreements / len(self._divergences),
            "reference_perplexity": float(np.exp(losses[0])),
            "candidate_perplexity": float(np.exp(losses[1])),
            "perplexity_ratio": float(np.exp(losses[1] - losses[0])),
            "quantiles": [float(one) for one in np.quantile(self._divergences, LEVELS)],
        }


def log_softmax(logits: NDArray[np.float32]) -> LogRow:
    """ln softmax, in float64."""
    shifted = logits.astype(np.float64) - float(logits.max())
    result: LogRow = shifted - np.log(np.exp(shifted).sum())
    return result
