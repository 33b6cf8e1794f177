"""Four-bit integers chosen with feedback: later weights make good what earlier ones lose."""

import numpy as np

from quantize.export.int4 import Codes, best_scales, rounded
from quantize.feedback import feedback_by_root, root
from quantize.numbers import Floats


def with_feedback(weight: Floats, hessian: Floats, group: int, kind: str) -> tuple[Codes, Floats]:
    """Codes [rows, columns] and scales [rows, columns / group] of a matrix W [rows, columns].

    hessian: H = Σ x xᵀ over inputs x. The scales of a group are chosen when its turn comes, for its
    weights as the groups before it left them; then its columns are rounded one after another. A row
    keeps the plainly rounded codes where these have the smaller error, (w − s q) H (w − s q)ᵀ.
    """
    factor = root(hessian)
    plain = _plain(weight, np.einsum("ij,ij->i", factor, factor), group, kind)
    codes, scales = _fed_back(weight, factor, group, kind)
    worse = _errors(weight, codes, scales, factor) >= _errors(weight, *plain, factor)
    codes[worse], scales[worse] = plain[0][worse], plain[1][worse]
    return codes, scales


def _plain(weight: Floats, importance: Floats, group: int, kind: str) -> tuple[Codes, Floats]:
    groups = weight.reshape(len(weight), -1, group)
    scales = best_scales(groups, importance.reshape(-1, group), kind)
    return rounded(groups, scales).reshape(weight.shape), scales


def _fed_back(weight: Floats, factor: Floats, group: int, kind: str) -> tuple[Codes, Floats]:
    codes = np.empty(weight.shape, np.int8)
    scales = np.empty((len(weight), weight.shape[1] // group), np.float32)

    def choose(columns: Floats, importance: Floats, first: int) -> Floats:
        here = slice(first, first + group)
        scale = best_scales(columns[:, None], importance[None], kind)
        scales[:, first // group] = scale[:, 0]

        def nearest(column: Floats, _importance: Floats, at: int) -> Floats:
            codes[:, first + at] = rounded(column[:, None], scale)[:, 0, 0]
            return codes[:, first + at, None] * scale

        feedback_by_root(columns, factor[here, here], 1, nearest)
        return codes[:, here] * scale

    feedback_by_root(weight, factor, group, choose)
    return codes, scales


def _errors(weight: Floats, codes: Codes, scales: Floats, factor: Floats) -> Floats:
    """|E R|² of each row."""
    group = weight.shape[1] // scales.shape[1]
    products = (weight - codes * np.repeat(scales, group, axis=1)) @ factor
    result: Floats = np.einsum("ij,ij->i", products, products)
    return result
