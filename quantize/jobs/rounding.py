"""Rounds a matrix again with feedback, as one of ggml's types."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.model.gguf.types import TENSOR_TYPES
from quantize.feedback import feedback_by_root, root
from quantize.jobs.ggml import NUMBERS, Bytes, packed, prepare, unpacked
from quantize.jobs.levels import TYPES_WITH_LEVELS, levels_of
from quantize.numbers import Floats

_ROWS = 512  # rounded at once


def round_again(weight: Floats, data: Bytes, kind: str, hessian: Floats) -> float:
    """Replace the rows of data whose products with inputs come closer to the weight's.

    weight: [rows, n_in]; data: its rows as ggml packed them, changed in place; hessian: Σ x xᵀ of
    the inputs. Returns the share of the products' square error that is left.
    """
    prepare(kind)  # both before threads need them
    if kind in TYPES_WITH_LEVELS:
        levels_of(kind)
    factor = root(hessian)

    def one(start: int) -> tuple[float, float]:
        rows, old = weight[start : start + _ROWS], data[start : start + _ROWS]
        new = _rounded(rows, kind, factor)
        before, after = (_errors(rows - unpacked(one, kind), factor) for one in (old, new))
        better = after < before
        old[better] = new[better]
        return float(before.sum()), float(np.minimum(before, after).sum())

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        before, after = np.sum(list(pool.map(one, range(0, len(weight), _ROWS))), axis=0)
    return float(after / before) if before else 1.0


def _rounded(weight: Floats, kind: str, root: Floats) -> Bytes:
    """The rows as a type, with feedback: from block to block, and inside from weight to weight."""
    block = TENSOR_TYPES[NUMBERS[kind]].block
    parts: list[Bytes] = []

    def rounded(columns: Floats, importance: Floats, first: int) -> Floats:
        data = packed(columns, kind, importance)
        if kind in TYPES_WITH_LEVELS:
            here = slice(first, first + block)
            data = _levelled(columns, data, kind, root[here, here])
        parts.append(data)
        return unpacked(data, kind)

    feedback_by_root(weight, root, block, rounded)
    return np.concatenate(parts, axis=1)


def _levelled(columns: Floats, data: Bytes, kind: str, root: Floats) -> Bytes:
    """A block of each row with the scales of data and levels chosen one after another."""
    type_ = levels_of(kind)
    base, step = type_.grid(data)
    levels = np.empty(columns.shape, np.uint8)

    def nearest(column: Floats, _importance: Floats, at: int) -> Floats:
        here = slice(at, at + 1)
        levels[:, here], values = type_.nearest(column, base[:, here], step[:, here])
        return values

    feedback_by_root(columns, root, 1, nearest)
    return type_.store(data, levels)


def _errors(errors: Floats, root: Floats) -> Floats:
    """|E R|² of each row."""
    products = errors @ root
    result: Floats = np.einsum("ij,ij->i", products, products)
    return result
