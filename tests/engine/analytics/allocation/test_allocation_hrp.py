"""Clusters, order and weights of hierarchical risk parity."""

import numpy as np
import pytest
from allocation_samples import ASSETS, golden_returns

from engine.analytics.allocation.bounds import limits
from engine.analytics.allocation.clustering import leaf_order, single_linkage
from engine.analytics.allocation.covariance import sample_covariance
from engine.analytics.allocation.hrp import bisect, correlation_distance, hrp, similarity

SAMPLE = sample_covariance(golden_returns()).matrix
FREE = limits(ASSETS)
# HRPOpt(cov_matrix=DataFrame(S)).optimize("single") of PyPortfolioOpt 1.6.0, which clusters by
# the correlation distance itself; here the paper's distance gives the same order.
GOLDEN = [0.098321924, 0.033077518, 0.026609437, 0.043801229, 0.0149971, 0.783192791]


def test_the_mergers_are_scipys() -> None:
    # scipy.cluster.hierarchy.linkage(sqrt((1 - corrcoef(R.T)) / 2), "single"), scipy 1.17.1: given
    # a square matrix it takes the distances of its rows, as the paper does. to_tree().pre_order().
    mergers = single_linkage(similarity(SAMPLE))
    assert [pair[:2] for pair in mergers] == [(1, 4), (0, 6), (2, 7), (3, 8), (5, 9)]
    heights = [0.540459945, 0.560372592, 0.666825763, 0.844654953, 1.000249687]
    assert [pair[2] for pair in mergers] == pytest.approx(heights, abs=1e-9)
    assert leaf_order(mergers) == [5, 3, 2, 0, 1, 4]


def test_clusters_by_hand() -> None:
    # Points 0, 1, 5, 7, 20 on a line: 0-1 at 1, 5-7 at 2, those at 4, the last at 13.
    points = np.array([0.0, 1.0, 5.0, 7.0, 20.0])
    mergers = single_linkage(np.abs(points[:, None] - points))
    assert mergers == [(0, 1, 1.0), (2, 3, 2.0), (5, 6, 4.0), (4, 7, 13.0)]
    assert leaf_order(mergers) == [4, 0, 1, 2, 3]


def test_weights() -> None:
    assert hrp(SAMPLE, FREE) == pytest.approx(np.array(GOLDEN), abs=1e-8)
    order = leaf_order(single_linkage(correlation_distance(SAMPLE)))
    assert bisect(SAMPLE, order) == pytest.approx(np.array(GOLDEN), abs=1e-8)


def test_what_caps_cut_off_goes_to_the_others_in_proportion() -> None:
    # DAI 0.783192791 is cut to 0.3. The others had 0.216807209 together and get 0.7: each times
    # 3.228674943, so BTC 0.317449532 is cut to 0.3 too. 0.118485284 remain for 0.4: times
    # 3.375946670, and none of the four reaches the cap.
    found = hrp(SAMPLE, limits(ASSETS, 0.3))
    golden = [0.3, 0.111667937, 0.089832040, 0.147870613, 0.050629410, 0.3]
    assert found == pytest.approx(np.array(golden), abs=1e-8)
    assert found[1:5] / found[4] == pytest.approx(np.array(GOLDEN[1:5]) / GOLDEN[4], abs=1e-6)


def test_two_uncorrelated_assets_by_hand() -> None:
    # Variances 1 and 4: 4/5 and 1/5. One asset takes all.
    assert hrp(np.diag([1.0, 4.0]), limits("ab")) == pytest.approx(np.array([0.8, 0.2]))
    assert hrp(np.array([[2.0]]), limits("a")).tolist() == [1.0]
