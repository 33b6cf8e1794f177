"""Which samples come together: rows of similar length, or packed, in a new order each epoch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.mixing import Shares
from training.data.order import check, digest
from training.data.packing import pack

Row = NDArray[np.int64]  # numbers of the samples in one row

_BATCH_TOKENS = 16_384  # no forward pass is larger than this, however long the samples are
_POOL_BATCHES = 64  # samples of this many batches are sorted by length together


class LengthStream:
    """Endless batches of sample numbers; the largest batch comes first of all.

    So a run that needs too much memory ends at once.
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        seed: int,
        packed: int = 0,
        shares: Shares | None = None,
    ) -> None:
        """lengths: of the samples, in tokens; packed: length of a row that holds several.

        shares: of their sources in each epoch; without, an epoch is every sample once.
        """
        self._lengths, self._seed, self.packed = lengths, seed, packed
        self._shares = shares
        self._epoch, self._place = 0, 0
        self._order, self._known = "", digest(lengths.tobytes(), seed, packed, shares)
        self._plan: tuple[tuple[int, int], list[list[Row]]] | None = None

    def next_rows(self, rows: int) -> list[Row]:
        """The next batch: at most rows rows."""
        now = f"{self._known}-{rows}"
        check(self._order, now)
        self._order = now
        plan = self.plan(self._epoch, rows)
        chosen = plan[self._place]
        self._place += 1
        if self._place == len(plan):
            self._epoch, self._place = self._epoch + 1, 0
        return chosen

    def next_numbers(self, rows: int) -> Row:
        """The next batch as numbers of samples."""
        return np.concatenate(self.next_rows(rows))

    def numbers(self, rows: int) -> list[Row]:
        """Numbers of the samples of each batch of the first epoch."""
        return [np.concatenate(batch) for batch in self.plan(0, rows)]

    def plan(self, epoch: int, rows: int) -> list[list[Row]]:
        """All batches of an epoch."""
        if self._plan is None or self._plan[0] != (epoch, rows):
            generator = np.random.default_rng([self._seed, epoch])
            drawn = self._shares.numbers(epoch, self._seed) if self._shares else len(self._lengths)
            order = generator.permutation(drawn)
            if self.packed:
                made = [order[row] for row in pack(self._lengths[order] - 1, self.packed)]
                made = [made[i] for i in generator.permutation(len(made))]
                count = max(1, min(rows, _BATCH_TOKENS // self.packed))
                batches = [made[i : i + count] for i in range(0, len(made), count)]
            else:
                batches = list(self._cut(order, rows))
            shuffled = [batches[i] for i in generator.permutation(len(batches))]
            if epoch == 0:
                sizes = [len(b) * max(self._lengths[row].sum() for row in b) for b in shuffled]
                shuffled.insert(0, shuffled.pop(int(np.argmax(sizes))))
            self._plan = ((epoch, rows), shuffled)
        return self._plan[1]

    def tell(self, rows: int) -> None:
        """Say so if a batch of the longest samples has fewer than rows rows."""
        longest = self.packed or int(self._lengths.max())
        fit = max(1, _BATCH_TOKENS // longest)
        if fit < rows:
            print(
                f"A forward pass has at most {_BATCH_TOKENS:,} tokens: of rows of {longest:,} it "
                f"takes {fit}, not {rows}.",
                flush=True,
            )

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and batch within it."""
        return self._epoch, self._place

    def state(self) -> list[Any]:
        """The place, and what the order depends on."""
        return [*self.place, self._order]

    def restore(self, state: list[Any]) -> None:
        """Go on there; the next batch raises KnownError if the order is another by then."""
        self._epoch, self._place, *order = state
        self._order = "".join(order)

    def _cut(self, order: NDArray[np.int64], rows: int) -> Iterator[list[Row]]:
        lengths = self._lengths
        for pool in range(0, len(order), rows * _POOL_BATCHES):
            part = order[pool : pool + rows * _POOL_BATCHES]
            part = part[np.argsort(lengths[part], kind="stable")]
            while len(part):
                # Lengths rise, so the last row of a batch is its longest.
                sizes = lengths[part[:rows]] * np.arange(1, len(part[:rows]) + 1)
                count = max(1, int(np.searchsorted(sizes, _BATCH_TOKENS, side="right")))
                yield list(part[:count, None])
                part = part[count:]
