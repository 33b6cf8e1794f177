"""Draw training windows from several groups in exact proportions, reproducibly."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from training.batch import Batch
from training.data.cache import Tokens, window, windows


class Mixture:
    """Endless stream of windows: the group furthest behind its weight gives the next one.

    Within a group the windows come in a new shuffled order each epoch. The state is the number
    of tokens drawn from each group, so a resumed stream continues with the same windows, and one
    of another window length continues at about the same place.
    """

    def __init__(
        self, groups: Sequence[Tokens], weights: Sequence[float], length: int, seed: int
    ) -> None:
        """groups: token arrays; weights: share of each (any scale); length: inputs per window."""
        if len(groups) != len(weights) or min(weights) <= 0:
            raise ValueError("Every group needs one positive weight.")
        self._groups = groups
        self._weights = np.asarray(weights, dtype=np.float64) / sum(weights)
        self._length = length
        self._seed = seed
        self._sizes = [windows(tokens, length) for tokens in groups]
        if min(self._sizes) == 0:
            raise ValueError(f"A group is shorter than one window of {length + 1} tokens.")
        self._drawn = np.zeros(len(groups), dtype=np.int64)
        self._orders: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def next_batch(self, rows: int) -> Batch:
        """The next rows windows as one batch with every token of weight 1."""
        table = np.stack([self._next_window() for _ in range(rows)]).astype(np.int64)
        tokens = torch.from_numpy(table)
        inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        return Batch(inputs, targets, torch.ones(inputs.shape))

    def state(self) -> list[int]:
        """Tokens drawn from each group so far."""
        return [int(count) * self._length for count in self._drawn]

    def restore(self, state: list[int]) -> None:
        """Continue after the given numbers of tokens."""
        if len(state) != len(self._groups):
            raise ValueError("The checkpoint was made with a different number of groups.")
        self._drawn = np.asarray(state, dtype=np.int64) // self._length

    def _next_window(self) -> Tokens:
        deficit = self._weights * (self._drawn.sum() + 1) - self._drawn
        group = int(deficit.argmax())
        epoch, place = divmod(int(self._drawn[group]), self._sizes[group])
        if group not in self._orders or self._orders[group][0] != epoch:
            generator = np.random.default_rng([self._seed, group, epoch])
            self._orders[group] = (epoch, generator.permutation(self._sizes[group]))
        self._drawn[group] += 1
        index = int(self._orders[group][1][place])
        return window(self._groups[group], index, self._length)
