"""Falls from a peak by hand and against skfolio 1.12.2.

The literals are what it prints, run beside risk_series.py with s = skfolio.measures and
d = s.get_drawdowns(own(), compounded=True): s.max_drawdown(d), s.average_drawdown(d),
s.ulcer_index(d), (d < 0).mean(). It defaults to sums instead of compounding.
"""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import own

from engine.analytics.drawdowns import Episode, deepest_episodes, depths, drawdowns
from engine.analytics.risk import max_drawdown
from engine.core.errors import KnownError


def days(count: int) -> list[date]:
    return [date(2024, 1, 1) + timedelta(n) for n in range(count)]


def test_summary_equals_the_library() -> None:
    wealth = np.concatenate(([1.0], np.cumprod(1 + own())))
    found = drawdowns(days(401), wealth)
    assert found.deepest == pytest.approx(0.3669207044286058, abs=1e-12)
    assert found.average == pytest.approx(0.13424979160974196, abs=1e-12)
    assert found.ulcer_index == pytest.approx(0.16540894388007224, abs=1e-12)
    assert found.under_water == pytest.approx(0.9025, abs=1e-12)
    assert found.n == 400


def test_all_falls_with_their_days() -> None:
    # A fall of 20 % that recovers, a standstill at the high, one of 50 % that goes on.
    found = drawdowns(days(9), np.array([100.0, 90, 80, 100, 100, 120, 60, 90, 108]))
    d = days(9)
    assert found.episodes == (
        Episode(pytest.approx(0.2), d[0], d[2], d[3], fall=2, recovery=1, length=3),
        Episode(0.5, d[5], d[6], None, fall=1, recovery=None, length=3),
    )
    # Depths of the eight days after the first: 10, 20, 0, 0, 0, 50, 25, 10 %.
    assert found.average == pytest.approx(1.15 / 8)
    assert found.ulcer_index == pytest.approx(((100 + 400 + 2500 + 625 + 100) / 8) ** 0.5 / 100)
    assert found.average_episode == pytest.approx(0.35)
    assert found.under_water == pytest.approx(5 / 8)
    assert found.longest == 3
    assert (found.deepest, found.current) == (0.5, pytest.approx(0.1))
    assert [e.depth for e in deepest_episodes(found, 1)] == [0.5]


def test_lengths_are_calendar_days_and_the_peak_the_last_day_at_the_high() -> None:
    some = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5), date(2024, 2, 4)]
    (fall,) = drawdowns(some, np.array([10.0, 10, 5, 10])).episodes
    assert (fall.peak, fall.fall, fall.recovery, fall.length) == (some[1], 3, 30, 33)


def test_a_series_that_never_falls() -> None:
    found = drawdowns(days(3), np.array([1.0, 1, 2]))
    assert found.episodes == ()
    assert (found.deepest, found.average, found.average_episode, found.longest) == (0, 0, 0, 0)
    assert found.under_water == 0.0


def test_refusals() -> None:
    with pytest.raises(KnownError, match="too few"):
        drawdowns(days(1), np.array([1.0]))
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(KnownError, match="zero or missing"):
            drawdowns(days(2), np.array([1.0, bad]))


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=60))
def test_episodes_cover_each_day_below_the_high_once(values: list[float]) -> None:
    series = np.array(values)
    found = drawdowns(days(len(values)), series)
    below = int(np.count_nonzero(depths(series)))
    # The peak and the day of recovery are at the high, every day between is not.
    counted = sum(e.length - (1 if e.recovered else 0) for e in found.episodes)
    assert counted == below
    assert found.deepest == max((e.depth for e in found.episodes), default=0.0)
    assert found.deepest == max_drawdown(days(len(values)), series).depth
    assert found.average <= found.ulcer_index + 1e-12 <= found.deepest + 2e-12
    for one, following in zip(found.episodes, found.episodes[1:], strict=False):
        assert one.recovered is not None
        assert one.peak < one.trough < one.recovered <= following.peak
