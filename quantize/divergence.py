"""Distances between two models' next-token distributions."""

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]


class Tally:
    """Collects the comparison of two models at many positions of a text."""

    def __init__(self) -> None:
        self._divergences: list[float] = []
        self._agreements = 0
        self._losses: list[tuple[float, float]] = []

    def add(self, reference: Row, candidate: Row, following: int | None) -> None:
        """Compare logits [vocabulary] at one position.

        following: id of the token that really follows, for the perplexities.
        """
        ours, theirs = log_softmax(reference), log_softmax(candidate)
        # Kullback–Leibler divergence D(reference ‖ candidate) = Σ p (ln p − ln q), in nats.
        self._divergences.append(max(0.0, float(np.exp(ours) @ (ours - theirs))))
        self._agreements += int(reference.argmax() == candidate.argmax())
        if following is not None:
            self._losses.append((-float(ours[following]), -float(theirs[following])))

    def result(self) -> dict[str, float]:
        """The figures over all positions; names and units as in quantize.compare.Comparison."""
        losses = np.array(self._losses).mean(axis=0)
        return {
            "positions": len(self._divergences),
            "mean_divergence": float(np.mean(self._divergences)),
            "p99_divergence": float(np.quantile(self._divergences, 0.99)),
            "agreement": self._agreements / len(self._divergences),
            "reference_perplexity": float(np.exp(losses[0])),
            "candidate_perplexity": float(np.exp(losses[1])),
        }


def log_softmax(logits: Row) -> NDArray[np.float64]:
    """ln softmax, in float64."""
    shifted = logits.astype(np.float64) - float(logits.max())
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return result
