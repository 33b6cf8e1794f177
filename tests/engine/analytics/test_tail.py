"""Tail risk against empyrical-reloaded 0.7.1, skfolio 1.12.2 and scipy 1.17.1, and by hand.

The literals are what these print, run beside risk_series.py with e = empyrical, s =
skfolio.measures, t = scipy.stats, r = own(), m, d = r.mean(), r.std(ddof=1):
    -e.value_at_risk(r, 0.05)       s.cvar(r, 0.97)       -t.norm.ppf(0.05, m, d)
    -t.norm.expect(loc=m, scale=d, ub=t.norm.ppf(0.05, m, d), conditional=True)
    Cornish-Fisher: the polynomial with t.skew(r), t.kurtosis(r), its mean by scipy.integrate.quad
Conventions: skfolio's VaR is the loss of one observation (0.041472 here), ours is interpolated as
empyrical's; empyrical's CVaR averages whole observations, ours takes the last in part as skfolio's.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import own

from engine.analytics.tail import cornish_fisher, historical, monotone, parametric
from engine.core.errors import KnownError


def test_historical_equals_the_libraries() -> None:
    r = own()
    assert historical(r).var == pytest.approx(0.04151950342400001, abs=1e-12)
    assert historical(r, 0.99).var == pytest.approx(0.06714980937599999, abs=1e-12)
    assert historical(r).cvar == pytest.approx(0.05551573974199999, abs=1e-12)
    assert historical(r, 0.97).cvar == pytest.approx(0.06287905766833332, abs=1e-12)
    assert historical(r, 0.993).cvar == pytest.approx(0.07752849839999999, abs=1e-12)


def test_parametric_equals_the_normal_law() -> None:
    r = own()
    assert parametric(r).var == pytest.approx(0.04397361687869593, abs=1e-9)
    assert parametric(r).cvar == pytest.approx(0.05575648114297197, abs=1e-9)
    assert parametric(r, 0.99).var == pytest.approx(0.06319050760167902, abs=1e-9)
    assert parametric(r, 0.99).cvar == pytest.approx(0.072745918486582, abs=1e-9)


def test_cornish_fisher_equals_numerical_integration() -> None:
    r = own()
    assert cornish_fisher(r).var == pytest.approx(0.042946921197003905, abs=1e-9)
    assert cornish_fisher(r).cvar == pytest.approx(0.054530851670258854, abs=1e-9)
    assert cornish_fisher(r, 0.99).var == pytest.approx(0.06178641486121106, abs=1e-9)
    assert cornish_fisher(r, 0.99).cvar == pytest.approx(0.0714740633846533, abs=1e-9)


def test_twenty_returns_by_hand() -> None:
    # -10 %, -9 % … +9 %. At 95 % the percentile lies at 19 * 0.05 = 0.95 between the two worst;
    # the tail is exactly one day. At 90 % it is two days, at 92 % it is 1.6.
    returns = np.arange(-10, 10) / 100.0
    at95 = historical(returns)
    assert at95.var == pytest.approx(0.0905, abs=1e-12)
    assert at95.cvar == pytest.approx(0.10, abs=1e-12)
    assert historical(returns, 0.9).cvar == pytest.approx(0.095, abs=1e-12)
    assert historical(returns, 0.92).cvar == pytest.approx((0.10 + 0.6 * 0.09) / 1.6, abs=1e-12)
    assert "only 20" in at95.warning


def test_a_quantile_needs_observations_beyond_it() -> None:
    r = own()
    with pytest.raises(KnownError, match="at least 20 are needed"):
        historical(r[:19])
    with pytest.raises(KnownError, match="at least 100 are needed"):
        historical(r[:99], 0.99)
    assert historical(r[:200]).warning == ""
    assert "steadier from 1000" in historical(r, 0.99).warning
    for confidence in (0.4, 1.0):
        with pytest.raises(KnownError, match="confidence"):
            historical(r, confidence)


def test_cornish_fisher_is_refused_where_it_is_no_distribution() -> None:
    # Without skewness Maillard's domain is an excess kurtosis of 0…8.
    assert monotone(0.0, 0.0)
    assert monotone(0.0, 7.9)
    assert not monotone(0.0, 8.0)
    assert not monotone(0.0, -0.1)
    assert not monotone(1.0, 0.0)
    crash = np.concatenate((np.full(60, 0.01), np.full(60, -0.01), [-0.5]))
    with pytest.raises(KnownError, match="Use the historical VaR"):
        cornish_fisher(crash)
    with pytest.raises(KnownError, match="do not vary"):
        cornish_fisher(np.full(200, 0.01))
    with pytest.raises(KnownError, match="only 99"):
        cornish_fisher(own()[:99])


@given(st.floats(-3, 3), st.floats(-2, 12))
def test_the_domain_is_where_the_expansion_rises(skew: float, excess: float) -> None:
    z = np.linspace(-60, 60, 24001)
    slope = 1 + z * skew / 3 + (3 * z**2 - 3) * excess / 24 - (6 * z**2 - 5) * skew**2 / 36
    if monotone(skew, excess):
        assert slope.min() > -1e-9


@given(st.lists(st.floats(-0.3, 0.3), min_size=100, max_size=150), st.floats(0.5, 0.99))
def test_the_mean_beyond_the_quantile_is_worse(moves: list[float], confidence: float) -> None:
    returns = np.array(moves)
    risk = historical(returns, confidence)
    assert risk.cvar >= risk.var - 1e-12
    assert risk.cvar <= -returns.min() + 1e-12
    deeper = historical(returns, min(0.99, confidence + 0.01))
    assert deeper.var >= risk.var - 1e-12
    assert deeper.cvar >= risk.cvar - 1e-12
    if np.std(returns) > 1e-6:
        assert parametric(returns, confidence).cvar > parametric(returns, confidence).var
