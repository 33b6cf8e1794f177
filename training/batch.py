"""What one forward pass is trained on."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """inputs, targets: [rows, length] token ids; weights: [rows, length] fp32 loss weights.

    Attention is causal and nothing else: padding stands at the end of a row, with weight 0.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor


class Stream(Protocol):
    """A reproducible source of batches whose place can be saved as a list of integers."""

    def next_batch(self, rows: int) -> Batch:
        """The next batch of rows sequences."""
        ...

    def state(self) -> list[int]:
        """The place in the stream."""
        ...

    def restore(self, state: list[int]) -> None:
        """Go to a place that state() returned."""
        ...
