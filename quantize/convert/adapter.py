"""Merges a LoRA adapter into the weights it changes."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from quantize.convert.peft import Change, read_adapter
from quantize.numbers import Floats, encode
from quantize.weights import BLOCK, Weight


@dataclass(frozen=True, slots=True)
class Merged(Weight):
    """A matrix with what an adapter adds to it."""

    change: Change

    def blocks(self, count: int = BLOCK) -> Iterator[Floats]:
        """The numbers in order, whole rows of about `count` at a time. Raises KnownError."""
        columns = self.shape[1]
        row = 0
        for numbers in Weight.blocks(self, max(1, count // columns) * columns):
            part = numbers.reshape(-1, columns)
            with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is refused
                change = self.change.up[row : row + len(part)] @ self.change.down
                sums = (part + change * np.float32(self.change.scale)).astype(np.float32)
            row += len(part)
            yield sums.reshape(-1)

    def encoded(self, kind: str) -> Iterator[bytes]:
        """The bytes of a tensor of a kind, which are never those on disk. Raises KnownError."""
        return (encode(numbers, kind) for numbers in self.blocks())


def merged(folder: Path, weights: dict[str, Weight]) -> dict[str, Weight]:
    """The model's weights that an adapter changes, as changed by it. Raises KnownError."""
    adapter = read_adapter(folder, {name: weight.shape for name, weight in weights.items()})
    result: dict[str, Weight] = {}
    for name, change in adapter.changes.items():
        values = {one.name: getattr(weights[name], one.name) for one in fields(Weight)}
        result[name] = Merged(**values, change=change)
    return result
