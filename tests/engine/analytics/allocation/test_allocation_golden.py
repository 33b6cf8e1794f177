"""Every method against values printed by PyPortfolioOpt 1.6.0, skfolio 1.12.2 and scipy 1.17.1.

With R = golden_returns(), S = np.cov(R.T), m = R.mean(0) and solver tolerances of 1e-13. skfolio's
solver is itself exact to between 1e-5 and 1e-9; PyPortfolioOpt's critical line algorithm (CLA) has
exact minimum variances.
"""

import numpy as np
import pytest
from allocation_samples import ASSETS, golden_returns

from engine.analytics.allocation.bounds import limits
from engine.analytics.allocation.covariance import ledoit_wolf, sample_covariance
from engine.analytics.allocation.frontier import efficient_frontier
from engine.analytics.allocation.inverse_volatility import inverse_volatility
from engine.analytics.allocation.maximum_sharpe import maximum_sharpe
from engine.analytics.allocation.mean_cvar import mean_cvar, tail_loss
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.risk_parity import risk_parity, risk_shares

RETURNS = golden_returns()
MEANS = RETURNS.mean(axis=0)
SAMPLE = sample_covariance(RETURNS).matrix
FREE = limits(ASSETS)


def same(weights: np.ndarray, golden: list[float], tolerance: float = 1e-6) -> None:
    assert weights == pytest.approx(np.array(golden), abs=tolerance)


def test_the_golden_returns_are_the_ones_the_peers_were_given() -> None:
    assert RETURNS[0, 0] == pytest.approx(-0.008302089751217746, abs=1e-15)
    assert RETURNS[-1, 5] == pytest.approx(0.01954813823647435, abs=1e-15)


def test_ledoit_wolf() -> None:
    # sklearn.covariance.ledoit_wolf(R); pypfopt CovarianceShrinkage(...).ledoit_wolf() is the same
    found = ledoit_wolf(RETURNS)
    assert found.shrinkage == pytest.approx(0.01823243716055597, rel=1e-10)
    diagonal = [0.000605993137825, 0.00106462157922, 0.00293107261559, 0.00179120902174,
                0.00231565739495, 0.000153462669788]  # fmt: skip
    assert np.diag(found.matrix) == pytest.approx(np.array(diagonal), rel=1e-10)
    assert found.matrix[0, 1] == pytest.approx(0.000535365676755, rel=1e-10)


def test_inverse_volatility() -> None:
    # InverseVolatility().fit(R).weights_
    golden = [0.184887556, 0.13811365, 0.082558514, 0.105922243, 0.092998038, 0.395519999]
    same(inverse_volatility(SAMPLE, FREE), golden, 1e-9)


def test_minimum_variance() -> None:
    # CLA(m, S, bounds).min_volatility() with (0, 1), (.05, .3) and, of ledoit_wolf(R), (0, .3)
    golden = [0.123924816, 0.0, 0.0, 0.039188543, 0.0, 0.83688664]
    same(minimum_variance(SAMPLE, FREE), golden)
    golden = [0.3, 0.150963003, 0.05, 0.149036997, 0.05, 0.3]
    floors = dict.fromkeys(ASSETS, 0.05)
    same(minimum_variance(SAMPLE, limits(ASSETS, 0.3, floors=floors)), golden)
    golden = [0.3, 0.240197869, 0.0, 0.159802131, 0.0, 0.3]
    same(minimum_variance(ledoit_wolf(RETURNS).matrix, limits(ASSETS, 0.3)), golden)


@pytest.mark.parametrize(
    ("risk_free", "cap", "golden"),
    [
        (0.0, 1.0, [0.0, 0.044653722, 0.493815507, 0.0, 0.0, 0.461530771]),
        (0.0002, 1.0, [0.0, 0.016613957, 0.845302881, 0.0, 0.0, 0.138083162]),
        (0.0, 0.4, [0.060623589, 0.139376411, 0.4, 0.0, 0.0, 0.4]),
    ],
)
def test_maximum_sharpe(risk_free: float, cap: float, golden: list[float]) -> None:
    # MeanRisk(objective_function=MAXIMIZE_RATIO, risk_measure=STANDARD_DEVIATION,
    #          risk_free_rate=risk_free, max_weights=cap).fit(R).weights_; where skfolio stops
    # 2e-6 too early, the second: CLA(m - 0.0002, S).max_sharpe()
    same(maximum_sharpe(SAMPLE, MEANS - risk_free, limits(ASSETS, cap)), golden)


@pytest.mark.parametrize(
    ("cap", "least_mean", "golden", "loss"),
    [
        (1.0, None, [0.151315, 0.0, 0.0, 0.042708057, 0.0, 0.805976943], 0.020019788293150095),
        (0.4, None, [0.4, 0.11671956, 0.0, 0.08328044, 0.0, 0.4], 0.02834044745301342),
        (0.4, 0.001, [0.4, 0.141658904, 0.0, 0.058341096, 0.0, 0.4], 0.028423140815803397),
    ],
)
def test_mean_cvar(cap: float, least_mean: float | None, golden: list[float], loss: float) -> None:
    # MeanRisk(risk_measure=CVAR, max_weights=cap, min_return=least_mean).fit(R); .predict(R).cvar
    weights = mean_cvar(RETURNS, limits(ASSETS, cap), least_mean=least_mean)
    same(weights, golden, 1e-6)
    assert tail_loss(RETURNS, weights).loss == pytest.approx(loss, abs=1e-10)


def test_risk_parity() -> None:
    # scipy.optimize.root(lambda z: corrcoef(R.T) @ z - 1 / z, ones(6) / 2.4, tol=1e-14), z / s;
    # minimize(lambda w: log(w @ S @ w) / 2 - log(w).mean(), method="SLSQP", bounds=...), 1e-16.
    # RiskBudgeting(max_weights=cap, min_weights=floor).fit(R) agrees to its own 1e-5.
    found = risk_parity(SAMPLE, FREE)
    same(found, [0.146036993, 0.102999048, 0.06949923, 0.108531452, 0.070053464, 0.502879813])
    assert risk_shares(SAMPLE, found) == pytest.approx(np.full(6, 1 / 6), abs=1e-8)
    golden = [0.216256918, 0.144739361, 0.093932426, 0.149046654, 0.096024641, 0.3]
    same(risk_parity(SAMPLE, limits(ASSETS, 0.3)), golden)
    floors = dict.fromkeys(ASSETS, 0.15)
    same(risk_parity(SAMPLE, limits(ASSETS, 0.3, floors=floors)), [0.15] * 5 + [0.25])


def test_the_efficient_frontier() -> None:
    # first: CLA as above; others: MeanRisk(risk_measure=STANDARD_DEVIATION, max_weights=.4,
    # min_return=mean).fit(R).weights_ for the five equally spaced means
    golden = [
        (0.000861370642, 0.0154601712432, [0.4, 0.088057355, 0.0, 0.111942645, 0.0, 0.4]),
        (0.001552120788, 0.0171807722021, [0.4, 0.090515944, 0.10653084, 0.002953217, 0.0, 0.4]),
        (0.002242870935, 0.0209658218803, [0.262323207, 0.085628168, 0.252048626, 0.0, 0.0, 0.4]),
        (0.002933621081, 0.0260271276866, [0.108913042, 0.095240652, 0.395846306, 0.0, 0.0, 0.4]),
        (0.003624371227, 0.0345333979764, [0.2, 0.4, 0.4, 0.0, 0.0, 0.0]),
    ]  # fmt: skip
    found = efficient_frontier(SAMPLE, MEANS, limits(ASSETS, 0.4), 5)
    for point, (mean, deviation, weights) in zip(found, golden, strict=True):
        assert point.mean == pytest.approx(mean, abs=1e-11)
        assert point.deviation == pytest.approx(deviation, abs=1e-10)
        same(point.weights, weights)
