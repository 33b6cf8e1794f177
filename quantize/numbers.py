"""Weights as numbers: float32 in memory, F32, F16, BF16 or Q8_0 in files."""

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError

Floats = NDArray[np.float32]

SIZES = {"F32": 4, "F16": 2, "BF16": 2}  # bytes of a number in a checkpoint
BLOCKS = {"F32": 1, "F16": 1, "BF16": 1, "Q8_0": 32}  # numbers stored together in a GGUF file

# The number as a whole one, and its bits for infinity, above which are those that are not numbers.
_INFINITY = {"F32": ("<u4", 0x7F800000), "F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80)}
_LEAST = 1e-37  # scale of a block of Q8_0


class Unfit(KnownError):
    """Numbers that no model works with, or that a kind cannot hold."""

    def within(self, name: str) -> KnownError:
        """The same, said of the tensor they are in."""
        return KnownError(f"{self.sentence.removesuffix('.')}, for example in {name}.", self.hint)


def decode(data: bytes, kind: str) -> Floats:
    """Little-endian numbers of a kind as float32, exactly."""
    if kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, "<f2" if kind == "F16" else "<f4").astype(np.float32)


def require_finite(data: bytes, kind: str) -> None:
    """Raise KnownError if little-endian numbers of a kind hold infinities or NaNs."""
    unsigned, infinity = _INFINITY[kind]
    bits = np.frombuffer(data, unsigned)
    magnitudes = bits & bits.dtype.type(np.iinfo(bits.dtype).max >> 1)
    if magnitudes.max(initial=0) >= infinity:
        raise _not_numbers()


def encode(values: Floats, kind: str) -> bytes:
    """The numbers as little-endian bytes of a kind, rounded to nearest, ties to even.

    Raises Unfit for infinities, NaNs and numbers too large for the kind.
    """
    if not np.isfinite(values).all():
        raise _not_numbers()
    if kind == "F32":
        return values.astype("<f4").tobytes()
    if kind == "F16":
        with np.errstate(over="ignore"):
            halves = values.astype("<f2")
        _require(bool(np.isfinite(halves).all()), kind)
        return halves.tobytes()
    if kind == "Q8_0":
        return _eight_bits(values.reshape(-1, BLOCKS[kind]))
    bits = values.view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    _require(bool(((rounded & 0x7F80) != 0x7F80).all()), kind)
    return rounded.astype("<u2").tobytes()


def _eight_bits(blocks: Floats) -> bytes:
    """llama.cpp's Q8_0: per block the scale as F16, then x / scale, rounded half away from 0."""
    scales = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    with np.errstate(over="ignore"):
        halves = scales.astype("<f2")
    inverse = np.zeros_like(scales)  # also of scales that are 0 as F16 and have none as F32
    np.divide(np.float32(1), scales, out=inverse, where=scales > _LEAST)
    _require(bool(np.isfinite(halves).all()), "Q8_0")
    scaled = blocks * inverse
    whole = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    return np.hstack([halves.view(np.int8), whole]).tobytes()


def _not_numbers() -> Unfit:
    return Unfit(
        "The model's weights hold values that are not numbers.",
        "Its training went wrong or the file is damaged; use another checkpoint.",
    )


def _require(fits: bool, kind: str) -> None:
    if not fits:
        raise Unfit(f"The model's weights are too large for {kind}.", "Convert with --type F32.")
