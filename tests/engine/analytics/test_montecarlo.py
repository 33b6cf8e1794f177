"""Simulated values against what can be worked out exactly."""

import math
import time
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
import pytest

from engine.analytics.allocation.sample import Sample
from engine.analytics.montecarlo import Method, Projection, simulate
from engine.analytics.tail import lower_tail
from engine.core.errors import KnownError

METHODS: tuple[Method, ...] = ("bootstrap", "normal", "student_t")


def sample(n: int = 400, assets: int = 2, seed: int = 5) -> Sample:
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.02, (n, 1))
    returns = 0.001 + common + rng.normal(0, 0.02, (n, assets))
    names = tuple(f"A{k}" for k in range(assets))
    start = date(2023, 1, 1)
    return Sample(names, returns, start, start + timedelta(n - 1))


def same_bytes(one: Projection, other: Projection) -> bool:
    return one.bands.tobytes() == other.bands.tobytes() and one.cvar == other.cvar


def test_one_day_of_normal_returns_is_the_normal_law() -> None:
    drawn = sample()
    found = simulate(drawn, [60.0, 40.0], days=1, paths=100_000, method="normal")
    weights = np.array([60.0, 40.0])
    mean = float(weights @ drawn.returns.mean(axis=0))
    spread = math.sqrt(float(weights @ np.cov(drawn.returns, rowvar=False) @ weights))
    law = NormalDist(mean, spread)
    z = NormalDist().inv_cdf(0.05)
    # Standard errors: of a quantile sqrt(p (1 - p) / N) / density, about 0.7 % of the spread here.
    near = 0.03 * spread
    assert found.value_at_risk == pytest.approx(-law.inv_cdf(0.05), abs=near)
    assert found.cvar == pytest.approx(-mean + spread * NormalDist().pdf(z) / 0.05, abs=near)
    assert found.loss_probability == pytest.approx(law.cdf(0.0), abs=0.006)
    # Antithetic draws make the mean exact.
    assert found.mean == pytest.approx(100.0 + mean, abs=1e-9)
    for level, value in zip(found.levels, found.bands[:, 1], strict=True):
        assert value == pytest.approx(100.0 + law.inv_cdf(level), abs=near)


def test_a_year_of_independent_returns_has_the_known_moments() -> None:
    drawn = sample(assets=1)
    mean, deviation = drawn.returns.mean(), drawn.returns.std(ddof=1)
    for method in ("normal", "student_t"):
        found = simulate(drawn, [100.0], days=60, paths=100_000, method=method)
        assert found.mean == pytest.approx(100.0 * (1 + mean) ** 60, rel=0.004)
        # Var = (mu^2 + sigma^2)^T - mu^2T with mu = 1 + mean: the median lies near exp(E log).
        growth = 60 * (mean - deviation**2 / 2)
        assert found.bands[2, -1] == pytest.approx(100.0 * math.exp(growth), rel=0.01)


def test_the_bootstrap_draws_the_days_there_were() -> None:
    drawn = sample(n=60)
    found = simulate(drawn, [1.0, 1.0], days=1, paths=60_000, seed=3)
    days = drawn.returns.sum(axis=1)
    assert found.mean == pytest.approx(2.0 + days.mean(), abs=4 * days.std() / math.sqrt(60_000))
    # The 5 % quantile of 60 equally likely days is one of them.
    assert np.abs(days - (found.bands[0, 1] - 2.0)).min() < 1e-12
    assert (found.block, found.n) == (4, 60)


def test_assets_keep_their_dependence() -> None:
    drawn = sample(assets=1)
    hedged = Sample(
        ("UP", "DOWN"),
        np.column_stack((drawn.returns[:, 0], -drawn.returns[:, 0])),
        drawn.first,
        drawn.last,
    )
    for method in METHODS:
        found = simulate(hedged, [50.0, 50.0], days=1, paths=10_000, method=method)
        assert np.ptp(found.bands[:, 1]) < 1e-9


def test_money_keeps_its_value_and_bands_are_in_order() -> None:
    for method in METHODS:
        found = simulate(sample(), [30.0, 20.0], cash=50.0, days=90, paths=2_000, method=method)
        assert found.start == 100.0
        assert (found.bands[:, 0] == 100.0).all()
        assert (np.diff(found.bands, axis=0) >= 0).all()
        assert found.bands.min() > 50.0
        assert found.cvar >= found.value_at_risk
        assert found.bands.shape == (5, 91)


def test_the_same_seed_gives_the_same_bytes() -> None:
    for method in METHODS:
        first, again, other = (
            simulate(sample(), [1.0, 2.0], days=30, paths=1_000, method=method, seed=seed)
            for seed in (7, 7, 8)
        )
        assert same_bytes(first, again)
        assert not same_bytes(first, other)


def test_fat_tails_lose_more_in_the_worst_cases() -> None:
    normal, fat = (
        simulate(
            sample(assets=1), [1.0], days=1, paths=100_000, method=method, confidence=0.999
        ).cvar
        for method in ("normal", "student_t")
    )
    assert fat > 1.2 * normal


def test_small_samples() -> None:
    with pytest.raises(KnownError, match="only 59 daily returns"):
        simulate(sample(59), [1.0, 1.0])
    rough = simulate(sample(60), [1.0, 1.0], days=90, paths=1_000)
    assert "only 60 daily returns" in rough.warnings[0]
    assert "90 days ahead on 60 days" in rough.warnings[1]
    assert simulate(sample(400), [1.0, 1.0], days=90, paths=1_000).warnings == ()


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        ([0.0, 0.0], {}, "Nothing of value"),
        ([1.0, -1.0], {}, "Nothing of value"),
        ([1.0, math.nan], {}, "Nothing of value"),
        ([1.0, 1.0], {"days": 0}, "from 1 to 3,650 days"),
        ([1.0, 1.0], {"paths": 10}, "from 1,000"),
        ([1.0, 1.0], {"paths": 1_000_000}, "from 1,000"),
        ([1.0, 1.0], {"confidence": 1.0}, "confidence"),
    ],
)
def test_what_cannot_be_simulated(
    values: list[float], settings: dict[str, float], words: str
) -> None:
    with pytest.raises(KnownError, match=words):
        simulate(sample(), values, **settings)  # type: ignore[arg-type]


def test_a_year_of_ten_assets_is_quick() -> None:
    drawn = sample(1_460, assets=10)
    for method in METHODS:
        taken = []
        for _ in range(3):
            began = time.process_time()
            simulate(drawn, [100.0] * 10, method=method)
            taken.append(time.process_time() - began)
        assert min(taken) < 1.5  # half a second on an idle machine; tests share theirs


def test_bands_and_value_at_risk_are_the_same_quantiles() -> None:
    """VaR 95 % is today's value less the band of 5 %; numpy's own quantile is the same type 7."""
    found = simulate(sample(), [60.0, 40.0], days=30, paths=1_001, seed=3)
    assert found.value_at_risk == pytest.approx(100.0 - found.bands[0, -1], abs=1e-9)
    same = simulate(sample(), [60.0, 40.0], days=30, paths=1_002, seed=3, confidence=0.75)
    assert same.value_at_risk == pytest.approx(100.0 - same.bands[1, -1], abs=1e-9)


def test_the_lower_tail_of_ten_values() -> None:
    # 1…10: the place of 25 % is 0.25 * 9 = 2.25, so 3.25. The lowest 2.5 are 1, 2 and half of 3.
    quantile, mean = lower_tail(np.arange(10.0, 0.0, -1.0), 0.25)
    assert quantile == pytest.approx(3.25)
    assert mean == pytest.approx((1 + 2 + 1.5) / 2.5)
