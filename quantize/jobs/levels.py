"""Where a type keeps each weight's level, so that levels can be changed while scales stay.

A weight of these types is base + step · table[level]; base and step come from its block's scales.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.model.gguf.types import TENSOR_TYPES
from quantize.jobs.ggml import NUMBERS, Bytes, packed, unpacked
from quantize.numbers import Floats

# The bytes of a block that hold levels: first, how many, bits of a weight; lowest bits first.
_FIELDS = {
    "Q2_K": ((16, 64, 2),),
    "Q3_K": ((32, 64, 2), (0, 32, 1)),
    "Q4_0": ((2, 16, 4),),
    "Q4_1": ((4, 16, 4),),
    "Q4_K": ((16, 128, 4),),
    "Q5_0": ((6, 16, 4), (2, 4, 1)),
    "Q5_1": ((8, 16, 4), (4, 4, 1)),
    "Q5_K": ((48, 128, 4), (16, 32, 1)),
    "Q6_K": ((0, 128, 4), (128, 64, 2)),
    "IQ4_NL": ((2, 16, 4),),
    "IQ4_XS": ((8, 128, 4),),
}
TYPES_WITH_LEVELS = frozenset(_FIELDS)


class Levels:
    """One type's levels; which of its bits are whose is asked of ggml itself."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        info = TENSOR_TYPES[NUMBERS[kind]]
        self._block, self._size = info.block, info.size
        sample = packed(np.linspace(-1, 1, info.block, dtype=np.float32)[None], kind, None)
        self._orders = [self._order(sample, *field) for field in _FIELDS[kind]]
        count = 1 << sum(bits for _, _, bits in _FIELDS[kind])
        values = np.concatenate([self._at(sample, level) for level in range(count)])
        values = values[:, np.abs(values[1] - values[0]).argmax()]
        table = ((values - values[0]) / (values[1] - values[0])).astype(np.float32)
        self._table, self._middles = table, (table[1:] + table[:-1]) / 2

    def grid(self, data: Bytes) -> tuple[Floats, Floats]:
        """Base and step of each weight [rows, n_in] of what packed() made."""
        base = self._at(data, 0)
        return base, self._at(data, 1) - base

    def nearest(self, values: Floats, base: Floats, step: Floats) -> tuple[Bytes, Floats]:
        """The levels nearest to values, and what they stand for; all of one shape."""
        wanted = np.divide(values - base, step, out=np.zeros_like(values), where=step != 0)
        levels = np.searchsorted(self._middles, wanted).astype(np.uint8)
        return levels, base + step * self._table[levels]

    def store(self, data: Bytes, levels: Bytes) -> Bytes:
        """The same blocks with other levels [rows, n_in]."""
        blocks = data.reshape(-1, self._size).copy()
        whose = levels.reshape(-1, self._block)
        low = 0
        for (start, count, bits), order in zip(_FIELDS[self._kind], self._orders, strict=True):
            parts = (whose[:, order] >> low & ((1 << bits) - 1)) << np.arange(0, 8, bits)
            blocks[:, start : start + count] = parts.sum(axis=2)
            low += bits
        return blocks.reshape(data.shape)

    def _order(self, sample: Bytes, start: int, count: int, bits: int) -> NDArray[np.int64]:
        """[count, slots]: the weight that a slot of a byte belongs to, found by changing it."""
        slots = 8 // bits
        slot = np.arange(count * slots)
        changed = np.repeat(sample, len(slot), axis=0)
        changed[slot, start + slot // slots] ^= (1 << bits * (slot % slots)).astype(np.uint8)
        differs = unpacked(changed, self._kind) != unpacked(sample, self._kind)
        order: NDArray[np.int64] = differs.argmax(axis=1).reshape(count, slots)
        return order

    def _at(self, data: Bytes, level: int) -> Floats:
        """What the weights would be if all had this level."""
        blocks = data.reshape(-1, self._size).copy()
        for start, count, bits in _FIELDS[self._kind]:
            part, level = level & ((1 << bits) - 1), level >> bits
            blocks[:, start : start + count] = sum(part << at for at in range(0, 8, bits))
        return unpacked(blocks.reshape(data.shape), self._kind)


@cache
def levels_of(kind: str) -> Levels:
    """The levels of a type of TYPES_WITH_LEVELS."""
    return Levels(kind)
