"""Beta, alpha, tracking error and capture against empyrical-reloaded 0.7.1, and by hand.

The literals are what it prints, run beside risk_series.py with e = empyrical, r, b = own(),
market(), rf = 1.05 ** (1 / 365) - 1:
    e.beta(r, b)      e.alpha(r, b, rf, annualization=365)      e.annual_volatility(r - b, ...)
    g = lambda x: (1 + e.annual_return(x, annualization=365)) ** (1 / 365) - 1
    g(r[b > 0]) / g(b[b > 0])
Convention: empyrical's up_capture compounds the rising days to a year before it divides (0.398431
here with its 252); ours divides the daily geometric means, as Morningstar does with monthly ones.
"""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import market, own

from engine.analytics.benchmark import (
    aligned_returns,
    alpha,
    beta,
    down_capture,
    tracking_error,
    up_capture,
)
from engine.core.errors import KnownError


def test_equal_to_the_library() -> None:
    r, b = own(), market()
    assert beta(r, b).value == pytest.approx(0.7511213711507446, abs=1e-9)
    assert alpha(r, b).value == pytest.approx(0.7650718507021472, abs=1e-9)
    assert alpha(r, b, 0.05).value == pytest.approx(0.7437996602408157, abs=1e-9)
    assert tracking_error(r, b).value == pytest.approx(0.4377559261769166, abs=1e-9)
    up, down = up_capture(r, b), down_capture(r, b)
    assert up.value == pytest.approx(0.8234166678340444, abs=1e-9)
    assert down.value == pytest.approx(0.6898483463725386, abs=1e-9)
    assert (up.days, down.days, up.warning) == (200, 200, "")


def test_by_hand() -> None:
    # Twice the benchmark: rises of 10 % become 20 %, falls of 5 % become 10 %.
    b = np.tile([0.10, -0.05], 30)
    assert beta(2 * b, b).value == pytest.approx(2.0, abs=1e-12)
    assert alpha(2 * b, b).value == pytest.approx(0.0, abs=1e-12)
    assert up_capture(2 * b, b).value == pytest.approx(2.0, abs=1e-12)
    assert down_capture(2 * b, b).value == pytest.approx(2.0, abs=1e-12)
    # The difference is the benchmark: deviations 7.5 %, over 60 / 59.
    expected = 0.075 * (60 / 59) ** 0.5 * 365**0.5
    assert tracking_error(2 * b, b).value == pytest.approx(expected, abs=1e-12)
    assert tracking_error(b, b).value == 0.0


def test_only_days_of_both_series_are_compared() -> None:
    first = date(2024, 1, 1)
    own_days = [first + timedelta(n) for n in (0, 1, 2, 3, 6, 7)]
    other_days = [first + timedelta(n) for n in (1, 2, 3, 4, 5, 6, 7)]
    closes = np.array([100.0, 110, 121, 242, 100, 150])
    other = np.array([10.0, 20, 30, 30, 30, 30, 60])
    days, mine, theirs = aligned_returns(own_days, closes, other_days, other)
    # 2 January has no benchmark return; 4 to 7 January no own one but that of the 8th.
    assert days == [own_days[2], own_days[3], own_days[5]]
    assert mine.tolist() == pytest.approx([0.1, 1.0, 0.5])
    assert theirs.tolist() == pytest.approx([1.0, 0.5, 1.0])
    days, mine, _ = aligned_returns(own_days, closes, [], np.empty(0))
    assert (days, mine.tolist()) == ([], [])


def test_refusals() -> None:
    r, b = own(), market()
    with pytest.raises(KnownError, match="only 19 daily returns for the beta"):
        beta(r[:19], b[:19])
    with pytest.raises(KnownError, match="do not vary"):
        beta(r, np.full(400, 0.01))
    with pytest.raises(KnownError, match="daily returns for the down capture"):
        down_capture(r, np.abs(b))
    with pytest.raises(KnownError, match="below -100 %"):
        up_capture(np.where(r == r.min(), -1.5, r), np.full(400, 0.01))
    with pytest.raises(ValueError, match="same days"):
        beta(r, b[1:])
    assert "only 59" in beta(r[:59], b[:59]).warning
    assert "only 59" in tracking_error(r[:59], b[:59]).warning
    assert "only 364" in alpha(r[:364], b[:364]).warning


@given(st.floats(-2, 2), st.floats(-0.01, 0.01))
def test_beta_finds_the_slope_of_a_line(slope: float, level: float) -> None:
    b = market()
    assert beta(slope * b + level, b).value == pytest.approx(slope, abs=1e-9)
    daily = (1 + alpha(slope * b + level, b).value) ** (1 / 365) - 1
    assert daily == pytest.approx(level, abs=1e-9)
