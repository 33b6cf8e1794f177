"""The chosen method beside equal weight and HRP, and the choice from a profile."""

import numpy as np
import pytest
from allocation_samples import ASSETS, golden_returns, golden_sample

from engine.analytics.allocation.allocate import Method, allocate
from engine.analytics.allocation.bounds import limits
from engine.analytics.allocation.profile import Objective, Profile, Risk, fit
from engine.core.errors import KnownError


@pytest.mark.parametrize("method", list(Method))
def test_equal_weight_and_hrp_stand_beside_every_method(method: Method) -> None:
    found = allocate(golden_sample(), method, limits(ASSETS, 0.4))
    assert found.chosen.method is method
    assert found.equal_weight.weights == pytest.approx([1 / 6] * 6)
    assert found.hrp.method is Method.HRP
    assert (found.n, found.first.isoformat(), found.warnings) == (250, "2024-01-01", ())
    assert found.shrinkage == pytest.approx(0.0182324, abs=1e-6)
    for each in (found.chosen, found.equal_weight, found.hrp):
        assert sum(each.weights) == pytest.approx(1)
        assert max(each.weights) <= 0.4
        assert sum(each.risk_shares) == pytest.approx(1)


def test_the_figures() -> None:
    found = allocate(
        golden_sample(), Method.MINIMUM_VARIANCE, limits(ASSETS), shrink=False, risk_free=0.03
    )
    results = golden_returns().mean(axis=1)
    equal = found.equal_weight
    daily = 1.03 ** (1 / 365) - 1
    assert equal.mean_return == pytest.approx(365 * results.mean())
    assert equal.volatility == pytest.approx(results.std(ddof=1) * 365**0.5)
    sharpe = (results.mean() - daily) / results.std(ddof=1) * 365**0.5
    assert equal.sharpe == pytest.approx(sharpe)
    # 5 % of 250 days: the 12 worst and half of the next.
    worst = np.sort(results)[:13]
    assert equal.cvar == pytest.approx(-(worst[:12].sum() + worst[12] / 2) / 12.5)
    assert found.shrinkage == 0.0
    assert found.chosen.weights[5] == pytest.approx(0.83688664, abs=1e-6)
    assert found.chosen.volatility < found.hrp.volatility < equal.volatility


def test_few_days_are_said() -> None:
    assert (
        "only 40 daily returns"
        in allocate(golden_sample(40), Method.HRP, limits(ASSETS)).warnings[0]
    )


@pytest.mark.parametrize(
    ("risk", "horizon", "objective", "method", "cap"),
    [
        (Risk.LOW, 10, Objective.PRESERVE, Method.MEAN_CVAR, 0.25),
        (Risk.LOW, 10, Objective.BALANCE, Method.MINIMUM_VARIANCE, 0.25),
        (Risk.MEDIUM, 10, Objective.BALANCE, Method.RISK_PARITY, 0.4),
        (Risk.HIGH, 10, Objective.BALANCE, Method.HRP, 0.6),
        (Risk.HIGH, 10, Objective.GROW, Method.MAXIMUM_SHARPE, 0.6),
        (Risk.HIGH, 2, Objective.GROW, Method.HRP, 0.4),
        (Risk.HIGH, 0.5, Objective.GROW, Method.RISK_PARITY, 0.25),
    ],
)
def test_profiles(
    risk: Risk, horizon: float, objective: Objective, method: Method, cap: float
) -> None:
    plan = fit(Profile(risk, horizon, objective), ASSETS, 400)
    assert (plan.method, plan.cap) == (method, cap)
    assert plan.bounds.upper.tolist() == [cap] * 6
    lowered = any("the risk is lowered from high" in reason for reason in plan.reasons)
    assert lowered == (risk is Risk.HIGH and horizon < 3)


def test_few_returns_say_too_little_about_means() -> None:
    plan = fit(Profile(Risk.HIGH, 10, Objective.GROW), ASSETS, 364)
    assert plan.method is Method.HRP
    assert any("364 daily returns say too little" in reason for reason in plan.reasons)


def test_constraints() -> None:
    profile = Profile(
        Risk.LOW, 5, Objective.BALANCE,
        caps={"SOL": 0.1}, floors={"DAI": 0.5}, excluded=frozenset({"ADA", "XRP"}),
    )  # fmt: skip
    plan = fit(profile, ASSETS, 250)
    assert plan.assets == ("BTC", "ETH", "SOL", "DAI")
    # Four assets: 1.5 / 4 instead of 25 %, so that there is a choice.
    assert plan.cap == 0.375
    assert plan.bounds.upper.tolist() == [0.375, 0.375, 0.1, 0.5]
    assert plan.bounds.lower.tolist() == [0, 0, 0, 0.5]
    with pytest.raises(KnownError, match="excludes all"):
        fit(Profile(Risk.LOW, 5, Objective.GROW, excluded=frozenset(ASSETS)), ASSETS, 250)
    with pytest.raises(KnownError, match="horizon"):
        fit(Profile(Risk.LOW, 0, Objective.GROW), ASSETS, 250)
    with pytest.raises(KnownError, match="room for only"):
        fit(Profile(Risk.LOW, 5, Objective.GROW, cap=0.1), ASSETS, 250)
