"""The blocks in which llama.cpp's quantized types hold weights: their grids, read and kept, and
the codes on them, read and written.

A weight is  scale · level[code] − minimum,  with a scale and a minimum for each group of weights.
Layouts are those of ggml's dequantize_row_*; tests compare with ggml itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """A type. levels: values of the codes, ascending; group: weights that share a scale.

    bits: where those of the codes lie, lowest first: (field, bytes in a run, bits). A run of bytes
    holds the lowest bits of as many codes, above them those of as many codes further on, and so on.
    grid: scales and minima of blocks, [blocks, groups] each.
    """

    fields: np.dtype[Any]
    group: int
    levels: tuple[int, ...]
    bits: tuple[tuple[str, int, int], ...]
    grid: Callable[[Any], tuple[Floats, Floats]]

    def blocks(self, data: Bytes) -> Any:
        """The bytes of a weight as blocks, without a copy."""
        return data.view(self.fields)

    def codes(self, blocks: Any) -> Bytes:
        """Codes [blocks, weights of a block]."""
        codes, place = np.full(1, self._sign, np.uint8), 0
        for field, run, bits in self.bits:
            codes = codes ^ (_split(blocks[field], run, bits) << np.uint8(place))
            place += bits
        return codes

    def values(self, blocks: Any) -> Floats:
        """What the blocks stand for, [blocks, weights of a block]."""
        scales, minima = self.grid(blocks)
        levels = np.array(self.levels, np.float32)[self.codes(blocks)]
        grouped = levels.reshape(*scales.shape, self.group)
        grouped *= scales[..., None]
        grouped -= minima[..., None]
        return grouped.reshape(levels.shape)

    def put(self, blocks: Any, codes: Bytes) -> None:
        """Replace the codes of blocks; their grids stay."""
        codes, place = codes ^ self._sign, 0
        for field, run, bits in self.bits:
            part = (codes >> np.uint8(place)) & _mask(bits)
            blocks[field] = _join(part, run, bits)
            place += bits

    @property
    def _sign(self) -> np.uint8:
        return np.uint8(128 if len(self.levels) == 256 else 0)  # whole bytes are signed


def _mask(bits: int) -> np.uint8:
    return np.uint8((1 << bits) - 1)


def _split(data: Bytes, run: int, bits: int) -> Bytes:
    """The numbers of so many bits in bytes [blocks, bytes]."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    parts = data.reshape(len(data), -1, 1, run) >> shifts
    return (parts & _mask(bits)).reshape(len(data), -1)


def _join(numbers: Bytes, run: int, bits: int) -> Bytes:
    """The bytes that _split() takes apart."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    parts = numbers.reshape(len(numbers), -1, 8 // bits, run) << shifts
    data: Bytes = np.bitwise_or.reduce(parts, axis=2).reshape(len(numbers), -1)
    return data


def _single(name: str) -> Any:
    """A 16-bit number of each block, as a column."""
    return lambda blocks: blocks[name].astype(np.float32)[:, None]


def _symmetric(blocks: Any) -> tuple[Floats, Floats]:
    scales = _single("d")(blocks)
    return scales, np.zeros_like(scales)


def _shifted(blocks: Any) -> tuple[Floats, Floats]:
    return _single("d")(blocks), -_single("m")(blocks)


def _q2_k(blocks: Any) -> tuple[Floats, Floats]:
    packed = blocks["scales"]
    return _single("d")(blocks) * (packed & 15), _single("m")(blocks) * (packed >> 4)


def _q3_k(blocks: Any) -> tuple[Floats, Floats]:
    packed = blocks["scales"]
    whole = _split(packed[:, :8], 8, 4) | (_split(packed[:, 8:], 4, 2) << 4)
    scales = _single("d")(blocks) * (whole.astype(np.float32) - 32)
    return scales, np.zeros_like(scales)


def _q4_k(blocks: Any) -> tuple[Floats, Floats]:
    first, second, third = np.split(blocks["scales"], 3, axis=1)
    scales = np.hstack([first & 63, (third & 15) | ((first >> 6) << 4)])
    minima = np.hstack([second & 63, (third >> 4) | ((second >> 6) << 4)])
    return _single("d")(blocks) * scales, _single("m")(blocks) * minima


def _q6_k(blocks: Any) -> tuple[Floats, Floats]:
    scales = _single("d")(blocks) * blocks["scales"]
    return scales, np.zeros_like(scales)


def _iq4_xs(blocks: Any) -> tuple[Floats, Floats]:
    whole = _split(blocks["low"], 1, 4) | (_split(blocks["high"], 1, 2) << 4)
    scales = _single("d")(blocks) * (whole.astype(np.float32) - 32)
    return scales, np.zeros_like(scales)


def _fields(*fields: tuple[str, str] | tuple[str, str, int]) -> np.dtype[Any]:
    return np.dtype(list(fields))


_D, _M, _HALF = ("d", "<f2"), ("m", "<f2"), ("qs", "u1", 16)
_SCALES, _MANY = ("scales", "u1", 12), ("qs", "u1", 128)
_NIBBLES, _WIDE = ("qs", 16, 4), ("qs", 32, 4)
_FIFTH, _HIGH = ("qh", 1, 1), ("qh", 32, 1)
_UNEVEN = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)


def _levels(bits: int, signed: bool = True) -> tuple[int, ...]:
    least = -(1 << bits - 1) if signed else 0
    return tuple(range(least, least + (1 << bits)))


LAYOUTS = {
    "Q4_0": Layout(_fields(_D, _HALF), 32, _levels(4), (_NIBBLES,), _symmetric),
    "Q4_1": Layout(_fields(_D, _M, _HALF), 32, _levels(4, False), (_NIBBLES,), _shifted),
    "Q5_0": Layout(
        _fields(_D, ("qh", "u1", 4), _HALF), 32, _levels(5), (_NIBBLES, _FIFTH), _symmetric
    ),
    "Q5_1": Layout(
        _fields(_D, _M, ("qh", "u1", 4), _HALF),
        32, _levels(5, False), (_NIBBLES, _FIFTH), _shifted,
    ),
    "Q8_0": Layout(_fields(_D, ("qs", "u1", 32)), 32, _levels(8), (("qs", 32, 8),), _symmetric),
    "Q2_K": Layout(
        _fields(("scales", "u1", 16), ("qs", "u1", 64), _D, _M),
        16, _levels(2, False), (("qs", 32, 2),), _q2_k,
    ),
    "Q3_K": Layout(
        _fields(("qh", "u1", 32), ("qs", "u1", 64), _SCALES, _D),
        16, _levels(3), (("qs", 32, 2), _HIGH), _q3_k,
    ),
    "Q4_K": Layout(_fields(_D, _M, _SCALES, _MANY), 32, _levels(4, False), (_WIDE,), _q4_k),
    "Q5_K": Layout(
        _fields(_D, _M, _SCALES, ("qh", "u1", 32), _MANY),
        32, _levels(5, False), (_WIDE, _HIGH), _q4_k,
    ),
    "Q6_K": Layout(
        _fields(_MANY, ("qh", "u1", 64), ("scales", "i1", 16), _D),
        16, _levels(6), (("qs", 64, 4), ("qh", 32, 2)), _q6_k,
    ),
    "IQ4_NL": Layout(_fields(_D, _HALF), 32, _UNEVEN, (_NIBBLES,), _symmetric),
    "IQ4_XS": Layout(
        _fields(_D, ("high", "u1", 2), ("low", "u1", 4), _MANY), 32, _UNEVEN, (_NIBBLES,), _iq4_xs
    ),
}  # fmt: skip
