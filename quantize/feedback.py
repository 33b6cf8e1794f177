"""Rounding with feedback: what one column's rounding breaks, later columns make good."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.numbers import Floats

DAMPING = 0.01  # of the Hessian's mean diagonal, as in the paper
_GROUP = 128  # columns whose errors are carried to the rest together

Rounder = Callable[[Floats, Floats, int], Floats]
"""(columns [rows, block], importance of each [block], number of the first) → them rounded."""


def feedback(
    weight: Floats, hessian: NDArray[np.floating[Any]], block: int, rounded: Rounder
) -> Floats:
    """Weights whose rounding, block by block, changes the products with inputs little.

    weight: [rows, n_in]; hessian: [n_in, n_in], Σ x xᵀ over inputs x; block: columns that are
    rounded at once. Returns A [rows, n_in]; rounding A's blocks is the rounding wanted.

    With H = R Rᵀ, R upper triangular, and E = W − rounded(A) the products' square error is
    |E R|², and block b's part of it |(A_b − rounded(A_b)) R_bb|² if
    A_b = W_b + (Σ_{a<b} E_a R_ab) R_bb⁻¹; the importances are the diagonal of R_bb R_bbᵀ.
    This is GPTQ (Frantar et al., arXiv 2210.17323) in the form of QuIP (arXiv 2307.13304, §3).
    """
    return feedback_by_root(weight, root(hessian), block, rounded)


def root(hessian: NDArray[np.floating[Any]]) -> Floats:
    """R [n, n], upper triangular, R Rᵀ = H + λ I with λ = DAMPING · mean of H's diagonal."""
    size = len(hessian)
    damping = DAMPING * float(np.trace(hessian)) / size or 1.0
    turned = hessian[::-1, ::-1].astype(np.float64) + damping * np.eye(size)
    lower: Floats = np.linalg.cholesky(turned)[::-1, ::-1].astype(np.float32)
    return lower


def feedback_by_root(weight: Floats, root: Floats, block: int, rounded: Rounder) -> Floats:
    """feedback() where the root of the Hessian is at hand."""
    adjusted, errors = weight.astype(np.float32), np.zeros(weight.shape, np.float32)
    width = weight.shape[1]
    group = max(block, _GROUP // block * block)
    for start in range(0, width, group):
        stop = min(start + group, width)
        carried = errors[:, :start] @ root[:start, start:stop]
        for first in range(start, stop, block):
            here = slice(first, min(first + block, stop))
            square = root[here, here]
            sums = carried[:, first - start :][:, :block]
            sums = sums + errors[:, start:first] @ root[start:first, here]
            adjusted[:, here] += (
                sums / square if block == 1 else np.linalg.solve(square.T, sums.T).T
            )
            importance = np.einsum("ij,ij->i", square, square)
            errors[:, here] = weight[:, here] - rounded(adjusted[:, here], importance, first)
    return adjusted
