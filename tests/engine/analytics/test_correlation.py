"""Correlation of daily returns on the days both series have."""

import statistics
from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics.correlation import correlation
from engine.core.errors import KnownError

START = date(2024, 1, 1)


def days(count: int) -> list[date]:
    return [START + timedelta(n) for n in range(count)]


def closes(returns: list[float]) -> np.ndarray:
    return np.cumprod([100.0] + [1 + r for r in returns])


def test_by_hand() -> None:
    # a: 0.1, 0.2, 0.3 (deviations -0.1, 0, 0.1); b: 0.2, 0.1, 0.3 (0, -0.1, 0.1).
    # Sum of products 0.01; both sums of squares 0.02; r = 0.01 / 0.02 = 0.5.
    found = correlation(days(4), closes([0.1, 0.2, 0.3]), days(4), closes([0.2, 0.1, 0.3]))
    assert found.value == pytest.approx(0.5, abs=1e-12)
    assert (found.n, found.first, found.last) == (3, date(2024, 1, 2), date(2024, 1, 4))
    assert "only 3 daily returns" in found.warning


def test_against_another_library() -> None:
    random = np.random.default_rng(7)
    a = random.normal(0, 0.03, 200).tolist()
    b = [0.6 * x + y for x, y in zip(a, random.normal(0, 0.02, 200).tolist(), strict=True)]
    found = correlation(days(201), closes(a), days(201), closes(b))
    assert found.value == pytest.approx(statistics.correlation(a, b), abs=1e-9)
    assert (found.n, found.warning) == (200, "")


def test_the_same_and_the_opposite_series() -> None:
    up = [0.1, -0.05, 0.2, 0.01]
    same = correlation(days(5), closes(up), days(5), 3 * closes(up))
    down = correlation(days(5), closes(up), days(5), closes([-r for r in up]))
    assert (same.value, down.value) == (pytest.approx(1), pytest.approx(-1))


def test_only_common_days_count() -> None:
    a = closes([0.1, 0.2, 0.3, 0.4, 0.5])
    b = closes([0.3, 0.1, 0.2, 0.4])
    found = correlation(days(6), a, [day + timedelta(1) for day in days(5)], b)
    assert (found.n, found.first) == (4, date(2024, 1, 3))


def test_what_cannot_be_correlated() -> None:
    with pytest.raises(KnownError, match="only 2 daily returns"):
        correlation(days(3), closes([0.1, 0.2]), days(3), closes([0.1, 0.2]))
    with pytest.raises(KnownError, match="did not move"):
        correlation(days(5), closes([0.1, 0.2, 0.1, 0]), days(5), np.full(5, 1.0))
    with pytest.raises(KnownError, match="There are no daily returns for the correlation"):
        correlation([], np.empty(0), days(5), closes([0.1, 0.2, 0.1, 0]))
