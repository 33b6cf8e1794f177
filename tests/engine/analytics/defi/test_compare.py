"""Yields side by side, by hand and with their flags."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.defi.compare import compare_yields
from engine.analytics.defi.offers import YieldOffer
from engine.core.errors import KnownError

D = Decimal
YEAR = D(365)
SAFE = YieldOffer(
    "Safe", D("0.1"), tvl=D("1e9"), age_days=1000, audited=True, impermanent_loss=False
)


def kinds(offer: YieldOffer, amount: int = 1000, days: int = 365) -> dict[str, str]:
    (row,) = compare_yields([offer], D(amount), D(days))
    return {flag.kind: flag.weight for flag in row.flags}


def test_one_offer_by_hand() -> None:
    (row,) = compare_yields([SAFE], D(10000), YEAR)
    assert round(row.apy * 100, 6) == D("10.515578")
    assert round(row.earned, 4) == D("1051.5578")
    assert (row.costs, row.break_even_days, row.flags) == (0, 0, ())


def test_rewards_are_not_compounded_unless_reinvested() -> None:
    offer = YieldOffer("Both", D("0.1"), D("0.05"))
    (kept,) = compare_yields([offer], D(10000), YEAR)
    assert round(kept.total * 100, 6) == D("15.515578")  # 10.515578 + 5
    assert round(kept.gain, 4) == D("1551.5578")
    (again,) = compare_yields([offer], D(10000), YEAR, "yearly", reinvest_rewards=True)
    assert (again.total, again.reward_apr) == (D("0.15"), 0)


def test_costs_by_hand() -> None:
    # 20 and 1 % of 1,000 go off first: 970 at 36.5 % for 10 days, yearly compounding.
    offer = YieldOffer("Dear", D(0), D("0.365"), fixed_costs=D(20), relative_costs=D("0.01"))
    (row,) = compare_yields([offer], D(1000), D(10))
    assert row.costs == 30
    assert round(row.earned, 12) == D("9.7")
    assert round(row.gain, 12) == D("-20.3")
    assert round(row.net_apr, 12) == D("-0.74095")
    assert round(row.break_even_days or D(0), 6) == D("30.927835")  # 30 / 0.97
    assert "costs" in {flag.kind for flag in row.flags}
    (eaten,) = compare_yields([offer], D(10), D(10))
    assert (eaten.earned, eaten.break_even_days) == (0, None)


@pytest.mark.parametrize(
    ("changed", "kind", "weight"),
    [
        ({"base_apr": D("1.01")}, "rate", "serious"),
        ({"base_apr": D("0.31")}, "rate", "notice"),
        ({"base_apr": D("0.2"), "stable": True}, "rate", "serious"),
        ({"base_apr": D("0.04"), "reward_apr": D("0.05")}, "rewards", "notice"),
        ({"mean_30d": D("0.04")}, "spike", "notice"),
        ({"tvl": D(999_999)}, "size", "serious"),
        ({"tvl": None}, "size", "unknown"),
        ({"age_days": 29}, "age", "serious"),
        ({"age_days": 179}, "age", "notice"),
        ({"age_days": None}, "age", "unknown"),
        ({"audited": False}, "audit", "serious"),
        ({"audited": None}, "audit", "unknown"),
        ({"impermanent_loss": True}, "impermanent_loss", "notice"),
        ({"impermanent_loss": None}, "impermanent_loss", "unknown"),
        ({"lockup_days": 366}, "lockup", "serious"),
        ({"lockup_days": 30}, "lockup", "notice"),
    ],
)
def test_each_flag_alone(changed: dict[str, object], kind: str, weight: str) -> None:
    fields = {name: getattr(SAFE, name) for name in YieldOffer.__slots__}
    assert kinds(YieldOffer(**{**fields, **changed})) == {kind: weight}


def test_a_large_share_of_the_pool() -> None:
    assert kinds(SAFE, amount=10_000_001) == {"share": "notice"}
    assert kinds(SAFE, amount=10_000_000) == {}


def test_orders() -> None:
    wild = YieldOffer("Wild", D(3))
    rows = compare_yields([SAFE, wild], D(1000), YEAR)
    assert [row.offer.name for row in rows] == ["Wild", "Safe"]
    rows = compare_yields([wild, SAFE], D(1000), YEAR, order="risk")
    assert [row.offer.name for row in rows] == ["Safe", "Wild"]
    assert rows[1].serious == 1
    assert [flag.weight for flag in rows[1].flags] == ["serious"] + ["unknown"] * 4


@given(st.decimals("0", "2", places=3), st.decimals("0", "2", places=3), st.integers(1, 1000))
def test_a_higher_rate_never_gains_less(low: Decimal, more: Decimal, days: int) -> None:
    rows = compare_yields([YieldOffer("a", low), YieldOffer("b", low + more)], D(100), D(days))
    gains = {row.offer.name: row.gain for row in rows}
    assert gains["b"] >= gains["a"]


def test_what_is_refused() -> None:
    with pytest.raises(KnownError):
        compare_yields([], D(1), D(1))
    with pytest.raises(KnownError):
        compare_yields([SAFE], D(0), D(1))
    for wrong in ({"base_apr": D(-1)}, {"reward_apr": D(-1)}, {"relative_costs": D(1)}):
        with pytest.raises(KnownError):
            YieldOffer(**{"name": "x", "base_apr": D(0), **wrong})  # type: ignore[arg-type]
    with pytest.raises(KnownError):
        YieldOffer("x", D(0), tvl=D(-1))
