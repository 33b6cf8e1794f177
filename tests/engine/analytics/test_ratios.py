"""Ratios against empyrical-reloaded 0.7.1 and skfolio 1.12.2, and the papers' own examples.

The literals are what these print, run beside risk_series.py with e = empyrical, s =
skfolio.measures, r, b = own(), market(), rf = 1.05 ** (1 / 365) - 1:
    e.sharpe_ratio(r, rf, annualization=365)       e.sortino_ratio(r, rf, annualization=365)
    e.calmar_ratio(r, annualization=365)           e.excess_sharpe(r, b) * 365**0.5
    s.probabilistic_sharpe_ratio(r, 1 / 365**0.5, rf)
    s.deflated_sharpe_ratio(r, np.array([0.2, -0.4, 1.1, 0.7, 1.6]) / 365**0.5)
    s.expected_max_sharpe_ratio(100, 0.5)
Conventions: both default to 252 days a year; empyrical's excess_sharpe is per day; skfolio's
probabilities take Sharpe ratios per day.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import market, own

from engine.analytics.ratios import (
    calmar,
    daily_rate,
    deflated_sharpe,
    expected_best_sharpe,
    information_ratio,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe,
    sharpe_probability,
    sortino,
    track_record,
)
from engine.core.errors import KnownError

TRIALS = np.array([0.2, -0.4, 1.1, 0.7, 1.6])


def test_ratios_equal_the_libraries() -> None:
    r, b = own(), market()
    assert sharpe(r).value == pytest.approx(1.6316472358047474, abs=1e-9)
    assert sharpe(r, 0.05).value == pytest.approx(1.541075237976156, abs=1e-9)
    assert sortino(r).value == pytest.approx(2.53499909495232, abs=1e-9)
    assert sortino(r, 0.05).value == pytest.approx(2.3846257022192012, abs=1e-9)
    assert calmar(r).value == pytest.approx(2.952836537274192, abs=1e-9)
    assert information_ratio(r, b).value == pytest.approx(1.064047549172988, abs=1e-9)


def test_probabilities_equal_the_library() -> None:
    r = own()
    assert probabilistic_sharpe(r).value == pytest.approx(0.9564577980201026, abs=1e-9)
    assert probabilistic_sharpe(r, 1.0, 0.05).value == pytest.approx(0.7147617588701612, abs=1e-9)
    assert deflated_sharpe(r, TRIALS).value == pytest.approx(0.7703098183419694, abs=1e-9)
    assert expected_best_sharpe(100, 0.5) == pytest.approx(1.2653014466008423, abs=1e-9)
    assert expected_best_sharpe(1, 0.5) == 0.0


def test_the_example_of_the_deflated_sharpe_paper() -> None:
    # Sharpe 2.5 a year of 250 days, 1250 days, 100 trials of variance 0.5, skew -3, kurtosis 10.
    luck = expected_best_sharpe(100, math.sqrt(0.5 / 250))
    assert luck == pytest.approx(0.1132, abs=5e-5)
    daily = 2.5 / math.sqrt(250)
    assert sharpe_probability(daily, luck, 1250, -3, 10) == pytest.approx(0.9004, abs=5e-5)
    luck = expected_best_sharpe(46, math.sqrt(0.5 / 250))
    assert sharpe_probability(daily, luck, 1250, -3, 10) == pytest.approx(0.9505, abs=5e-5)


@pytest.mark.parametrize(
    ("per_year", "skew", "kurtosis", "years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_examples_of_the_track_record_paper(
    per_year: int, skew: float, kurtosis: float, years: float
) -> None:
    # A Sharpe ratio of 2 a year shown to be above 1 at 95 %.
    root = math.sqrt(per_year)
    found = track_record(2 / root, 1 / root, skew, kurtosis, 0.95) / per_year
    assert found == pytest.approx(years, abs=0.005)


def test_by_hand() -> None:
    # 30 days up 2 %, 30 days down 1 %: mean 0.5 %, squares 60 * 0.015^2 / 59.
    returns = np.tile([0.02, -0.01], 30)
    expected = 0.005 / (0.015 * math.sqrt(60 / 59)) * math.sqrt(365)
    assert sharpe(returns).value == pytest.approx(expected, abs=1e-12)
    # Downside: sqrt(30 * 0.01^2 / 60), every day counted.
    expected = 0.005 / math.sqrt(0.00005) * math.sqrt(365)
    assert sortino(returns).value == pytest.approx(expected, abs=1e-12)
    # A year that first halves and then stands still: growth -50 %, drawdown 50 %.
    returns = np.concatenate(([-0.5], np.zeros(364)))
    assert calmar(returns).value == pytest.approx(-1.0, abs=1e-12)
    assert daily_rate(0.1) == pytest.approx(1.1 ** (1 / 365) - 1, abs=1e-15)


def test_a_record_as_long_as_the_minimum_reaches_the_confidence() -> None:
    r = own()
    days = minimum_track_record(r).value
    # 95.6 % after 400 days, so 95 % a little earlier.
    assert 350 < days < 400
    with pytest.raises(KnownError, match="no record is long enough"):
        minimum_track_record(-r)
    with pytest.raises(KnownError, match="no record is long enough"):
        minimum_track_record(r, threshold=3.0)
    with pytest.raises(KnownError, match="confidence"):
        minimum_track_record(r, confidence=1.0)


@given(st.floats(0.01, 0.5), st.floats(-1.0, 1.0), st.floats(0.1, 5.0), st.floats(0.6, 0.99))
def test_minimum_and_probability_are_inverse(
    ratio: float, skew: float, more: float, confidence: float
) -> None:
    kurtosis = 1 + skew**2 + more
    days = track_record(ratio, 0.0, skew, kurtosis, confidence)
    spread = math.sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    reached = 0.5 * math.erfc(-ratio * math.sqrt(days - 1) / spread / math.sqrt(2))
    assert reached == pytest.approx(confidence, abs=1e-9)
    whole = math.ceil(days)
    assert sharpe_probability(ratio, 0.0, whole, skew, kurtosis) >= confidence - 1e-9


@given(st.lists(st.floats(-0.2, 0.2), min_size=60, max_size=90), st.floats(0.1, 3.0))
def test_sharpe_does_not_depend_on_the_size_of_the_stake(moves: list[float], by: float) -> None:
    returns = np.array(moves)
    if np.std(returns) < 1e-6:
        return
    assert sharpe(by * returns).value == pytest.approx(sharpe(returns).value, rel=1e-6, abs=1e-9)
    assert sharpe(-returns).value == pytest.approx(-sharpe(returns).value, rel=1e-9)
    assert 0.0 <= probabilistic_sharpe(returns).value <= 1.0


def test_refusals() -> None:
    flat, rising = np.full(400, 0.01), np.linspace(0.001, 0.01, 400)
    for measure in (sharpe, probabilistic_sharpe, minimum_track_record):
        with pytest.raises(KnownError, match="do not vary"):
            measure(flat)
        with pytest.raises(KnownError, match="only 59"):
            measure(own()[:59])
    with pytest.raises(KnownError, match="do not vary"):
        information_ratio(own(), own())
    with pytest.raises(KnownError, match="below the target"):
        sortino(rising)
    with pytest.raises(KnownError, match="never fell"):
        calmar(rising)
    with pytest.raises(KnownError, match="below -100 %"):
        calmar(np.append(rising, -1.1))
    with pytest.raises(KnownError, match="at least two trials"):
        deflated_sharpe(own(), np.array([1.0]))
    with pytest.raises(KnownError, match="above -100 %"):
        sharpe(own(), -1.0)


def test_a_short_record_is_called_rough() -> None:
    assert "only 200" in sharpe(own()[:200]).warning
    assert sharpe(own()).warning == ""
    assert "only 400" in calmar(own()).warning
    assert sharpe(own()).n == 400
