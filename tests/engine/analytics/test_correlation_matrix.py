"""Correlation matrices against scipy, and what happens with few or no common days."""

from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics.allocation.clustering import cluster, leaf_order, single_linkage
from engine.analytics.correlation import correlation
from engine.analytics.correlation_matrix import Method, correlation_matrix, rolling_pair
from engine.core.errors import KnownError

START = date(2024, 1, 1)
X = [0.03, -0.01, 0.02, 0.00, -0.04, 0.01, 0.02, -0.02, 0.05, -0.03]
Y = [0.01, -0.02, 0.03, 0.01, -0.03, 0.00, 0.04, -0.01, 0.02, -0.05]
Z = [-0.02, 0.02, 0.01, 0.00, 0.03, 0.00, -0.03, 0.01, -0.01, 0.02]


def closes(returns: list[float], first: int = 0) -> tuple[list[date], np.ndarray]:
    days = [START + timedelta(first + n) for n in range(len(returns) + 1)]
    return days, np.cumprod([1.0] + [1 + r for r in returns])


@pytest.mark.parametrize(
    ("method", "xy", "xz", "yz"),
    # scipy 1.17.1: spearmanr(a, b).statistic, pearsonr(a, b).statistic
    [
        ("spearman", 0.8414634146341463, -0.837439072734253, -0.8006285640426375),
        ("pearson", 0.8164156876218429, -0.7878055960155883, -0.7805490290986725),
    ],
)
def test_against_scipy(method: Method, xy: float, xz: float, yz: float) -> None:
    # Products of closes blur equal returns; tenths of a percent keep them apart from the others.
    found = correlation_matrix(
        {name: exact(values) for name, values in (("X", X), ("Y", Y), ("Z", Z))}, method
    )
    expected = [[1, xy, xz], [xy, 1, yz], [xz, yz, 1]]
    assert found.values.tolist() == [pytest.approx(row, abs=1e-12) for row in expected]
    assert (found.n == 10).all()
    assert "only" not in found.warnings[0]
    assert "3 pairs rest on fewer than 60" in found.warnings[0]
    assert sorted(found.order[:2]) == [0, 1] or sorted(found.order[1:]) == [0, 1]


def exact(returns: list[float]) -> tuple[list[date], np.ndarray]:
    """Closes of which each pair of days starts at 1, so that equal returns stay equal."""
    days: list[date] = []
    values: list[float] = []
    for index, change in enumerate(returns):
        days += [START + timedelta(3 * index), START + timedelta(3 * index + 1)]
        values += [1.0, 1 + change]
    return days, np.array(values)


def test_the_mergers_are_scipys() -> None:
    distances = np.array(
        [
            [0, 0.3, 0.8, 0.9, 0.55],
            [0.3, 0, 0.7, 0.95, 0.5],
            [0.8, 0.7, 0, 0.2, 0.6],
            [0.9, 0.95, 0.2, 0, 0.65],
            [0.55, 0.5, 0.6, 0.65, 0],
        ]
    )
    # scipy 1.17.1: linkage(squareform(distances), method)
    single = [(2, 3, 0.2), (0, 1, 0.3), (4, 6, 0.5), (5, 7, 0.6)]
    average = [(2, 3, 0.2), (0, 1, 0.3), (4, 6, 0.525), (5, 7, 0.7666666666666667)]
    assert cluster(distances, "single") == single_linkage(distances) == single
    assert [merger[:2] for merger in cluster(distances, "average")] == [m[:2] for m in average]
    assert [m[2] for m in cluster(distances, "average")] == pytest.approx([m[2] for m in average])
    assert leaf_order(cluster(distances, "average")) == [2, 3, 4, 0, 1]


def test_each_pair_counts_its_own_days() -> None:
    late = closes([0.02, -0.01, 0.03, 0.01], first=6)
    found = correlation_matrix({"X": closes(X), "Y": closes(Y), "LATE": late})
    assert found.n.tolist() == [[10, 10, 4], [10, 10, 4], [4, 4, 4]]
    assert found.values[0, 2] == pytest.approx(correlation(*closes(X), *late).value)
    assert (found.first, found.last) == (START + timedelta(1), START + timedelta(10))
    assert "the fewest: 4" in found.warnings[0]


def test_pairs_without_a_correlation_are_named() -> None:
    still = closes([0.0] * 10)
    apart = closes([0.02, 0.01, -0.02], first=400)
    found = correlation_matrix({"X": closes(X), "Y": closes(Y), "USDC": still, "OLD": apart})
    assert np.isnan(found.values[0, 2:]).all()
    assert found.values[2, 2] == 1.0
    assert found.warnings[0].startswith(
        "There is no correlation for X-USDC, X-OLD, Y-USDC, Y-OLD, USDC-OLD: too few days"
    )
    assert sorted(found.order) == [0, 1, 2, 3]


def test_assets_alike_stand_side_by_side() -> None:
    random = np.random.default_rng(4)
    groups = [random.normal(0, 0.03, 300) for _ in range(2)]
    assets = {
        f"{'AB'[k % 2]}{k}": closes((groups[k % 2] + random.normal(0, 0.01, 300)).tolist())
        for k in range(6)
    }
    for linkage in ("single", "average"):
        found = correlation_matrix(assets, linkage=linkage)
        names = "".join(found.assets[index][0] for index in found.order)
        assert names in ("AAABBB", "BBBAAA")
        assert found.warnings == ()


def test_rolling() -> None:
    random = np.random.default_rng(2)
    a, b = random.normal(0, 0.03, (2, 100))
    found = rolling_pair(closes(a.tolist()), closes(b.tolist(), first=5), window=30)
    # 95 common days, so 66 windows; the first one ends on the 30th common day.
    assert (found.n, len(found.days), len(found.values)) == (95, 66, 66)
    assert found.days[0] == START + timedelta(35)
    assert found.values[0] == pytest.approx(np.corrcoef(a[5:35], b[:30])[0, 1])
    with pytest.raises(KnownError, match="longer than the 95"):
        rolling_pair(closes(a.tolist()), closes(b.tolist(), first=5), window=96)


def test_what_cannot_be_correlated() -> None:
    with pytest.raises(KnownError, match="from 2 to 200"):
        correlation_matrix({"X": closes(X)})
    with pytest.raises(KnownError, match="no daily returns"):
        correlation_matrix({"X": ([START], np.array([1.0])), "Y": ([], np.empty(0))})
    with pytest.raises(KnownError, match="too few daily returns in common"):
        correlation_matrix({"X": closes(X[:2]), "Y": closes(Y[:2])})
