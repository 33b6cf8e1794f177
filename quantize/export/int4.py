"""Four-bit integers in groups with one scale each, and the scales that cost least.

A weight w is stored as a whole number q of −8…7 with w ≈ s · q, s the scale of its group. A scale
may be negative, which puts the eighth step on the side where the group has its largest weight.
"""

import numpy as np
from numpy.typing import NDArray

from quantize.numbers import Floats, decode, encode

Codes = NDArray[np.int8]

LOW, HIGH = -8, 7
_STEPS = np.linspace(0.65, 1.05, 9, dtype=np.float32)  # of the scale that fits the largest weight
_ROUNDS = 2
_LEAST = 1e-37  # scale with an inverse
_CHUNK = 1 << 17  # weights worked on together: they stay in the processor's cache


def plain_scales(weights: Floats, kind: str) -> Floats:
    """Scales [rows, groups] with which the largest weight of each group is at the range's end.

    weights: [rows, groups, size]; kind: what scales are stored as.
    """
    return stored(np.abs(weights).max(axis=2) / np.float32((HIGH - LOW) / 2), kind)


def best_scales(weights: Floats, importance: Floats, kind: str) -> Floats:
    """The scales [rows, groups] with the least Σ h (w − s q)² of each group.

    weights: [rows, groups, size]; importance h: [groups, size], the mean square of each input, so
    that the sum is the mean square error of the output if inputs are uncorrelated. Fractions of the
    plain scale are tried with both signs, then s = Σ h w q / Σ h q², the best for given q.
    """
    rows = max(1, _CHUNK // importance.size)
    parts = [weights[start : start + rows] for start in range(0, len(weights), rows)]
    return np.concatenate([_best(part, importance, kind) for part in parts])


def rounded(weights: Floats, scales: Floats) -> Codes:
    """The whole numbers q nearest to w / s; 0 where s is 0 or nearly so. Shapes as above."""
    return _quotients(weights, scales).astype(np.int8)


def packed(codes: Codes) -> bytes:
    """Rows [rows, columns] of codes as compressed-tensors packs them: q + 8 in four bits, the first
    of eight in the lowest bits of a little-endian 32-bit number. columns: a multiple of 8."""
    nibbles = (codes - LOW).astype(np.uint8)
    return (nibbles[:, 0::2] | nibbles[:, 1::2] << 4).tobytes()


def stored(scales: Floats, kind: str) -> Floats:
    """The scales as they will be read. Raises KnownError for numbers too large for the kind."""
    flat = np.ascontiguousarray(scales, np.float32).reshape(-1)
    return decode(encode(flat, kind), kind).reshape(scales.shape)


def _best(weights: Floats, importance: Floats, kind: str) -> Floats:
    plain = plain_scales(weights, kind)
    best, least = plain, _errors(weights, plain, importance)
    for step in (*_STEPS, *-_STEPS):
        best, least = _better(weights, importance, best, least, stored(plain * step, kind))
    for _ in range(_ROUNDS):
        codes = _quotients(weights, best)
        weighted = importance * codes
        above = np.einsum("rgi,rgi->rg", weighted, weights)
        below = np.einsum("rgi,rgi->rg", weighted, codes)
        scales = np.where(below > 0, above / np.where(below > 0, below, 1), best)
        best, least = _better(weights, importance, best, least, stored(scales, kind))
    return best


def _better(
    weights: Floats, importance: Floats, best: Floats, least: Floats, scales: Floats
) -> tuple[Floats, Floats]:
    errors = _errors(weights, scales, importance)
    wins = errors < least
    return np.where(wins, scales, best), np.where(wins, errors, least)


def _errors(weights: Floats, scales: Floats, importance: Floats) -> Floats:
    lost = _quotients(weights, scales)
    lost *= scales[..., None]
    lost -= weights
    lost *= lost
    result: Floats = np.einsum("rgi,gi->rg", lost, importance)
    return result


def _quotients(weights: Floats, scales: Floats) -> Floats:
    inverse = np.zeros_like(scales)
    np.divide(np.float32(1), scales, out=inverse, where=np.abs(scales) > _LEAST)
    result = weights * inverse[..., None]
    np.rint(result, out=result)
    return np.clip(result, LOW, HIGH, out=result)
