"""SPO's tracker by hand arithmetic."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.objectives.spo import Tracker, forgetting, normalised


def test_forgetting_halves_per_half_life_within_bounds() -> None:
    rho = forgetting(np.array([0.0, 0.03, 0.06, 1.0]), half_life=0.06)
    assert rho.tolist() == pytest.approx([0.96, 2**-0.5, 0.5, 0.5])


def test_the_tracker_by_hand() -> None:
    """Starts at Beta(1, 1). Success 1 at ρ 0.96: (1.96, 0.96). After a move of one half-life
    success 0 at ρ 0.5: (0.98, 1.48)."""
    tracker = Tracker(2, half_life=0.06)
    assert tracker.expected([0, 1]).tolist() == [0.5, 0.5]
    tracker.update([0], np.array([1.0]))
    assert tracker.expected([0])[0] == pytest.approx(1.96 / 2.92)
    tracker.moved(0.04)
    tracker.moved(0.02)
    tracker.update([0], np.array([0.0]))
    assert tracker.expected([0])[0] == pytest.approx(0.98 / 2.46)
    assert tracker.expected([1])[0] == 0.5, "each prompt has its own"
    tracker.update([0], np.array([1.0]))
    assert tracker.expected([0])[0] == pytest.approx((0.96 * 0.98 + 1) / (0.96 * 2.46 + 1))


def test_one_tracker_for_all_takes_the_mean() -> None:
    tracker = Tracker(5, half_life=0.06, shared=True)
    tracker.update([0, 3], np.array([1.0, 0.0]))
    assert tracker.expected([0, 4]).tolist() == pytest.approx([0.5, 0.5])
    tracker.update([1], np.array([1.0]))
    wanted = (0.96 * 1.46 + 1) / (0.96 * 2.92 + 1)
    assert tracker.expected([2])[0] == pytest.approx(wanted)


def test_the_state_is_json_and_complete() -> None:
    tracker, other = Tracker(3, 0.06), Tracker(3, 0.06)
    tracker.update([1], np.array([1.0]))
    tracker.moved(0.01)
    other.restore(json.loads(json.dumps(tracker.state())))
    for one in (tracker, other):
        one.update([1, 2], np.array([0.0, 1.0]))
    assert (tracker.expected([0, 1, 2]) == other.expected([0, 1, 2])).all()


def test_open_prompts_are_drawn_more_often() -> None:
    """Chances go with sqrt(v (1 - v)) + 0.05: v 0.5 → 0.55, v ≈ 1 → a little over 0.05."""
    tracker = Tracker(2, half_life=0.06)
    for _ in range(200):
        tracker.update([1], np.array([1.0]))
    (sure,) = tracker.expected([1])
    generator = np.random.default_rng(1)
    drawn = np.bincount([tracker.draw(1, 0.05, generator)[0] for _ in range(4000)])
    certain = np.sqrt(sure * (1 - sure)) + 0.05
    assert drawn[1] / 4000 == pytest.approx(certain / (certain + 0.55), abs=0.02)
    assert sorted(tracker.draw(9, 0.05, generator)) == [0, 1], "never the same twice"


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=40))
def test_normalised_advantages_have_mean_zero_and_spread_one(values: list[float]) -> None:
    found = normalised(np.array(values))
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1, abs=1e-6) or not found.any()
