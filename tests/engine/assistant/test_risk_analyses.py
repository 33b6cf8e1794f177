"""Correlations, drawdowns and benchmarks by figures worked out by hand."""

from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from tests.engine.assistant.shelf import chart, run, table
from tests.engine.assistant.test_analyses import LONG, moving
from tests.engine.assistant.world import facts, world

# SOL falls when the others rise; ADA stands still.
COINS = {**LONG, "SOL": moving(400, -0.01), "ADA": ("1",) * 400}


def test_correlations_of_coins_that_move_alike_and_against_each_other() -> None:
    result = run("correlations", world(closes=COINS), assets="BTC, ETH, SOL")
    found = facts(result)
    assert found["highest, BTC and ETH"] == "1.00"
    assert found["lowest, ETH and SOL"] == "-1.00"
    assert found["mean of all pairs"] == "-0.33"  # (1 − 1 − 1) / 3
    assert table(result).rows[0] == ("BTC", "ETH", "1.00", "365")
    assert [column.title for column in table(result).columns][:2] == ["Coin", "With"]
    heat = chart(result, "matrix")
    assert heat.kind == "heatmap"
    # Those alike stand side by side.
    assert [one.name for one in heat.series] in (["SOL", "BTC", "ETH"], ["BTC", "ETH", "SOL"])
    assert all(one.x == heat.series[0].x for one in heat.series)
    assert {round(y) for y in chart(result, "rolling").series[0].y} == {1}


def test_a_coin_without_correlations_is_left_out_with_a_note() -> None:
    result = run("correlations", world(closes=COINS), assets="BTC, ETH, ADA", method="spearman")
    assert [one.name for one in chart(result, "matrix").series] == ["BTC", "ETH"]
    assert "Left out: ADA (not in the heat map" in result.text
    assert "There is no correlation for BTC-ADA" in result.text
    assert "Spearman" in table(result).method


def test_correlations_need_two_coins() -> None:
    with pytest.raises(KnownError, match="at least two"):
        run("correlations", world(closes=COINS), assets="BTC")


def test_drawdowns_of_a_price_that_fell_twice() -> None:
    """120 to 60 and back in three days, then from 130 to 117."""
    closes = {"BTC": ("100", "120", "90", "60", "120", "130", "117")}
    result = run("drawdown_list", world(closes=closes), asset="BTC")
    assert table(result).rows == (
        ("-50.00 %", "2026-11-17", "2026-11-19", "2026-11-20", "2", "1", "3"),
        ("-10.00 %", "2026-11-21", "2026-11-22", "not yet", "1", "–", "1"),
    )
    found = facts(result)
    assert found["maximum drawdown"] == "-50.00 %"
    assert found["drawdown now"] == "-10.00 %"
    assert found["mean depth of a fall"] == "-30.00 %"
    assert found["share of days below the high"] == "50.00 %"  # 3 of the 6 after the first
    assert min(chart(result).series[0].y) == -50
    one = run("drawdown_list", world(closes=closes), asset="BTC", falls=Decimal(1))
    assert len(table(one).rows) == 1


def test_benchmark_of_a_coin_against_another() -> None:
    """ETH: 1.2 × 0.8 = 0.96; BTC: 1.25 × 0.8 × 1.25 × 0.8 = 1."""
    result = run("benchmark", asset="ETH", against="BTC", period="all")
    found = facts(result)
    assert (found["return"], found["return of BTC"]) == ("-4.00 %", "0.00 %")
    assert found["excess return"] == "-4.00 %"
    assert "beta" not in found  # four days are too few, and the notes say so
    assert "only 4 daily returns" in result.text
    own, other = chart(result).series
    assert (own.name, own.y) == ("ETH", pytest.approx((100, 120, 120, 120, 96)))
    assert (other.name, other.y) == ("BTC", pytest.approx((100, 125, 100, 125, 100)))


def test_mixes_as_benchmarks() -> None:
    """In one month without rebalancing: 0.6 × 1.25 + 0.4 = 1.15; (1.25 + 1.2) / 2 = 1.225."""
    closes = {"BTC": ("80", "100", "80", "100"), "ETH": ("25", "30", "25", "30")}
    context = world(closes=closes)
    sixty = run("benchmark", context, asset="BTC", against="60/40 BTC/cash", period="all")
    assert facts(sixty)["return of 60/40 BTC/cash"] == "+15.00 %"
    equal = run("benchmark", context, asset="BTC", against="equal weight", period="all")
    assert facts(equal)["return of equal weight"] == "+22.50 %"
    named = run("benchmark", context, asset="BTC", against="BTC 50, ETH 50", period="all")
    assert facts(named)["return of BTC 50, ETH 50"] == "+22.50 %"
    most = run("benchmark", context, asset="BTC", against="BTC 80, ETH 20", period="all")
    assert facts(most)["return of BTC 80, ETH 20"] == "+24.00 %"  # 0.8 × 1.25 + 0.2 × 1.2


@pytest.mark.parametrize("parts", ["BTC 50, ETH 40", "BTC 120, ETH -20"])
def test_a_mix_that_is_no_whole_is_refused(parts: str) -> None:
    with pytest.raises(KnownError, match="add up to 100 %"):
        run("benchmark", asset="BTC", against=parts, period="all")


def test_beta_of_twice_the_moves_is_two() -> None:
    found = facts(run("benchmark", world(closes=LONG), asset="ETH", against="BTC"))
    assert found["beta"] == "2.00"
    assert found["up capture"] == "200.00 %"


def test_a_benchmark_without_prices_is_refused() -> None:
    with pytest.raises(KnownError, match="no USD prices for GOLD"):
        run("benchmark", asset="ETH", against="GOLD", period="all")


def test_the_same_year_begins_on_the_same_day_everywhere() -> None:
    """The returns of 23 November 2025 to 22 November 2026, today, whether "1y" is said or not."""
    context = world(closes=COINS)
    for name, arguments in (
        ("risk_board", {"asset": "ETH"}),
        ("risk_board", {"asset": "ETH", "period": "1y"}),
        ("benchmark", {"asset": "ETH", "against": "BTC"}),
        ("drawdown_list", {"asset": "ETH", "period": "1y"}),
        ("correlations", {"assets": "BTC, ETH"}),
    ):
        result = run(name, context, **arguments)
        assert facts(result)["period"] == "2025-11-23 to 2026-11-22"
    board = run("risk_board", context, asset="ETH")
    assert "n = 365, 2025-11-23 to 2026-11-22" in board.cards[0].method  # type: ignore[union-attr]
    assert facts(board)["longest time under water"].endswith(" days")


def test_a_coin_without_prices_in_the_period_is_said_so() -> None:
    with pytest.raises(KnownError, match=r"There are no prices of BTC in 2024\. Choose another"):
        run("risk_board", world(), asset="BTC", period="2024")
