"""Draw windows from groups, or dialogues from sources, in exact proportions, reproducibly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.cache import Tokens, window, windows
from training.data.order import digest
from training.loop.batch import Batch


@dataclass(frozen=True)
class Shares:
    """Samples of several sources, numbered one source after the other, and the share of each.

    sizes: samples of each source. weights: on any scale. An epoch ends where the first source is
    used up; the others go on in the next one where they were, each in its own shuffled order.
    """

    sizes: tuple[int, ...]
    weights: tuple[float, ...]

    def counts(self) -> list[int]:
        """Samples of each source in an epoch: their shares to half a sample, and one at least."""
        epoch = min(size / weight for size, weight in zip(self.sizes, self.weights, strict=True))
        return [max(1, round(epoch * weight)) for weight in self.weights]

    def numbers(self, epoch: int, seed: int) -> NDArray[np.int64]:
        """The samples of an epoch, one source after the other."""
        found, start = [], 0
        for source, (size, count) in enumerate(zip(self.sizes, self.counts(), strict=True)):
            rounds, places = np.divmod(np.arange(epoch * count, (epoch + 1) * count), size)
            for number in np.unique(rounds):
                order = np.random.default_rng([seed, source, int(number)]).permutation(size)
                found.append(start + order[places[rounds == number]])
            start += size
        return np.concatenate(found)


class Mixture:
    """Endless stream of windows: the group furthest behind its weight gives the next one.

    Within a group the windows come in a new shuffled order each epoch. The state is the number
    of tokens drawn from each group, so a resumed stream continues with the same windows, and one
    of another window length continues at about the same place.
    """

    def __init__(self, groups: Sequence[Tokens], weights: Sequence[float], seed: int) -> None:
        """groups: token arrays; weights: share of each (any scale)."""
        if len(groups) != len(weights) or min(weights) <= 0:
            raise ValueError("Every group needs one positive weight.")
        self._groups = groups
        self._weights = np.asarray(weights, dtype=np.float64) / sum(weights)
        self._seed = seed
        self._drawn = np.zeros(len(groups), dtype=np.int64)
        self.order = digest([len(group) for group in groups], seed)  # what decides what comes when
        self._orders: dict[int, tuple[tuple[int, int], NDArray[np.int64]]] = {}

    def next_batch(self, rows: int, length: int) -> Batch:
        """The next rows windows of length inputs as one batch with every token of weight 1."""
        table = np.stack([self._next_window(length) for _ in range(rows)]).astype(np.int64)
        tokens = torch.from_numpy(table)
        inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        return Batch(inputs, targets, torch.ones(inputs.shape))

    def state(self) -> list[int]:
        """Tokens drawn from each group so far."""
        return [int(count) for count in self._drawn]

    def restore(self, state: list[int]) -> None:
        """Continue after the given numbers of tokens."""
        if len(state) != len(self._groups):
            raise ValueError("The checkpoint was made with a different number of groups.")
        self._drawn = np.asarray(state, dtype=np.int64)

    def _next_window(self, length: int) -> Tokens:
        deficit = self._weights * (self._drawn.sum() + length) - self._drawn
        group = int(deficit.argmax())
        size = windows(self._groups[group], length)
        if size == 0:
            raise ValueError(f"A group is shorter than one window of {length + 1} tokens.")
        epoch, place = divmod(int(self._drawn[group]) // length, size)
        if self._orders.get(group, ((-1, 0),))[0] != (epoch, length):
            generator = np.random.default_rng([self._seed, group, epoch])
            self._orders[group] = ((epoch, length), generator.permutation(size))
        self._drawn[group] += length
        index = int(self._orders[group][1][place])
        return window(self._groups[group], index, length)
