"""Rounding with feedback against the paper's own loops and against trying everything."""

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.feedback import DAMPING, feedback, root

Matrix = NDArray[np.float64]


def inputs(count: int, width: int) -> Matrix:
    """Correlated, of very different strength."""
    chance = np.random.default_rng(3)
    mixed = chance.normal(size=(count, width)) @ chance.normal(size=(width, width))
    return mixed * chance.uniform(0.1, 3, width)


def damped(hessian: Matrix) -> Matrix:
    return hessian + DAMPING * np.trace(hessian) / len(hessian) * np.eye(len(hessian))


def obq(weight: Matrix, hessian: Matrix, block: int, step: float) -> Matrix:
    """Optimal brain quantization, in order: the inverse of what is left, updated by elimination."""
    weight, inverse = weight.copy(), np.linalg.inv(damped(hessian))
    for first in range(0, weight.shape[1], block):
        here = np.arange(first, min(first + block, weight.shape[1]))
        rest = np.arange(first + len(here), weight.shape[1])
        error = weight[:, here] - step * np.round(weight[:, here] / step)
        gain = np.linalg.inv(inverse[np.ix_(here, here)]) @ inverse[np.ix_(here, rest)]
        weight[:, rest] -= error @ gain
        inverse[np.ix_(rest, rest)] -= inverse[np.ix_(rest, here)] @ gain
    return weight


@pytest.mark.parametrize(("width", "block"), [(300, 1), (300, 7), (96, 32), (300, 256)])
def test_equals_the_papers_loop(width: int, block: int) -> None:
    weight = np.random.default_rng(5).normal(size=(6, width))
    x = inputs(2 * width, width)
    step = 0.25
    expected = obq(weight, x.T @ x, block, step)
    found = feedback(
        weight.astype(np.float32),
        x.T @ x,
        block,
        lambda part, _importance, _first: np.round(part / np.float32(step)) * np.float32(step),
    )
    same = np.isclose(found, expected, rtol=1e-3, atol=1e-3)
    # A number on the edge between two steps may round differently in single precision.
    assert same.all(axis=1).sum() >= 5
    assert np.abs(found - weight).max() > 0.1


def test_two_columns_are_the_best_there_is() -> None:
    """The second column of two: the best multiple of the step, found by trying all."""
    chance = np.random.default_rng(9)
    weight = chance.normal(size=(40, 2)).astype(np.float32)
    hessian = damped(np.array([[2.0, 1.7], [1.7, 1.9]]))
    adjusted = feedback(
        weight, np.array([[2.0, 1.7], [1.7, 1.9]]), 1, lambda part, *_: part.round()
    )
    for row, given in zip(np.round(adjusted), weight, strict=True):
        tries = [(row[0], second) for second in range(-8, 9)]
        best = min(tries, key=lambda one: (given - one) @ hessian @ (given - one))
        assert tuple(row) == best
    assert (np.round(adjusted) != np.round(weight)).any()


def test_what_the_rounder_is_told() -> None:
    """The first column of each block, and what an error there costs once later blocks mend it."""
    x = inputs(200, 10)
    hessian = damped(x.T @ x)
    told: dict[int, Matrix] = {}

    def rounded(part: Matrix, importance: Matrix, first: int) -> Matrix:
        told[first] = importance
        return part

    feedback(np.ones((2, 10), np.float32), x.T @ x, 4, rounded)
    assert list(told) == [0, 4, 8]
    for first, importance in told.items():
        here, rest = range(first, min(first + 4, 10)), range(min(first + 4, 10), 10)
        cross = hessian[np.ix_(here, rest)]
        left = (
            hessian[np.ix_(here, here)]
            - cross @ np.linalg.inv(hessian[np.ix_(rest, rest)]) @ cross.T
        )  # Schur's complement
        np.testing.assert_allclose(importance, np.diag(left), rtol=1e-3)


def test_the_error_of_products_falls_by_half() -> None:
    chance = np.random.default_rng(1)
    weight = chance.normal(size=(64, 256)).astype(np.float32)
    x = chance.normal(size=(2000, 40)) @ chance.normal(size=(40, 256))
    x += 0.3 * chance.normal(size=x.shape)
    adjusted = feedback(weight, x.T @ x, 1, lambda part, *_: part.round())
    plain = np.square(x @ (weight.round() - weight).T).sum()
    assert np.square(x @ (adjusted.round() - weight).T).sum() < plain / 2


def test_inputs_that_are_always_zero() -> None:
    """Their columns are only rounded, and the root exists."""
    hessian = np.zeros((4, 4))
    np.testing.assert_array_equal(root(hessian), np.eye(4))
    hessian[0, 0] = 1
    weight = np.array([[0.3, 0.4, -0.6, 1.2]], np.float32)
    np.testing.assert_array_equal(
        feedback(weight, hessian, 2, lambda part, *_: part.round()), weight
    )
