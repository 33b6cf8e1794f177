"""Compounding and impermanent loss against published figures."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.impermanent_loss import impermanent_loss
from engine.analytics.yields import COMPOUNDINGS, Compounding, apr_to_apy, compound_growth
from engine.core.errors import KnownError

TEN = Decimal("0.1")


def percent(x: Decimal) -> Decimal:
    return round(x * 100, 6)


@pytest.mark.parametrize(
    ("compounding", "apy"),
    [
        ("yearly", "10"),
        ("quarterly", "10.381289"),  # 1.025 ** 4
        ("monthly", "10.471307"),
        ("weekly", "10.506479"),
        ("daily", "10.515578"),
        ("hourly", "10.517029"),
        ("continuous", "10.517092"),  # e ** 0.1
    ],
)
def test_apy_of_ten_per_cent(compounding: str, apy: str) -> None:
    assert percent(apr_to_apy(TEN, compounding)) == Decimal(apy)  # type: ignore[arg-type]


def test_apy_of_a_hundred_per_cent_and_of_nothing() -> None:
    assert percent(apr_to_apy(Decimal(1))) == Decimal("171.456748")
    for compounding in COMPOUNDINGS:
        assert apr_to_apy(Decimal(0), compounding) == 0


def test_growth_by_hand() -> None:
    # 1,000 at 5 % for 2 years: 1,102.50; at 12 % monthly for 6 months: 1.01 ** 6.
    growth = compound_growth(Decimal(1000), Decimal("0.05"), Decimal(2))
    assert (growth.final, growth.gain) == (Decimal("1102.5"), Decimal("102.5"))
    half = compound_growth(Decimal(1), Decimal("0.12"), Decimal("0.5"), "monthly")
    assert round(half.factor, 12) == Decimal("1.061520150601")
    loss = compound_growth(Decimal(1000), Decimal("-0.5"), Decimal(1))
    assert loss.final == 500
    assert compound_growth(Decimal(1000), TEN, Decimal(0)).final == 1000


@pytest.mark.parametrize(
    ("amount", "rate", "years"),
    [
        ("0", "0.1", "1"),
        ("-1", "0.1", "1"),
        ("1", "-1", "1"),
        ("1", "10001", "1"),
        ("1", "0.1", "-1"),
        ("1", "0.1", "1001"),
        ("1", "5000", "900"),
    ],
)
def test_what_cannot_be_compounded(amount: str, rate: str, years: str) -> None:
    with pytest.raises(KnownError) as error:
        compound_growth(Decimal(amount), Decimal(rate), Decimal(years), "daily")
    assert error.value.hint


@pytest.mark.parametrize("compounding", ["hourly", "continuous"])
def test_a_growth_beyond_every_exponent_is_too_large(compounding: Compounding) -> None:
    # exp(10,000 * 1,000) is 10 to the power of 4.3 million; decimals end at a million.
    with pytest.raises(KnownError, match="too large"):
        compound_growth(Decimal(1), Decimal(10_000), Decimal(1_000), compounding)


@given(st.decimals("-0.99", "3", places=4), st.sampled_from(COMPOUNDINGS))
def test_more_frequent_compounding_never_yields_less(rate: Decimal, compounding: str) -> None:
    apy = apr_to_apy(rate, compounding)  # type: ignore[arg-type]
    assert rate - Decimal("1e-40") <= apy <= apr_to_apy(rate, "continuous") + Decimal("1e-40")


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        ("-0.75", "-20"),
        ("3", "-20"),
        ("-0.5", "-5.719096"),
        ("1", "-5.719096"),
        ("0.25", "-0.619201"),
        ("0.5", "-2.020410"),
        ("2", "-13.397460"),
        ("4", "-25.464401"),
        ("0", "0"),
        ("-1", "-100"),
    ],
)
def test_impermanent_loss(change: str, loss: str) -> None:
    assert percent(impermanent_loss(Decimal(change)).loss) == Decimal(loss)


def test_impermanent_loss_in_money() -> None:
    # 10,000 put in; the price rises fourfold: held 5,000 + 20,000, in the pool 10,000 * 2.
    outcome = impermanent_loss(Decimal(3), Decimal(10000))
    assert (outcome.held, outcome.pooled, outcome.difference) == (25000, 20000, -5000)
    assert outcome.difference / outcome.held == outcome.loss  # type: ignore[operator]
    assert impermanent_loss(Decimal(3)).held is None
    for change, deposit in (("-1.1", "1"), ("0.1", "0")):
        with pytest.raises(KnownError):
            impermanent_loss(Decimal(change), Decimal(deposit))


@given(st.decimals("0.001", "1000", places=6))
def test_the_loss_is_the_same_for_a_rise_and_the_opposite_fall(ratio: Decimal) -> None:
    up, down = impermanent_loss(ratio - 1).loss, impermanent_loss(1 / ratio - 1).loss
    assert abs(up - down) < Decimal("1e-40")
    assert up <= 0
