"""Analyses at their limits: days before the portfolio, no debt, sizes no amount has."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.assistant.analyses.charts import by_day, line_chart, thinned
from engine.assistant.tools.figures import two_decimals
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError
from tests.engine.assistant.shelf import chart, run, table
from tests.engine.assistant.world import CLOSES, TRADES, facts, trade, world

RISING = tuple(str(100 + day % 7) for day in range(60))
FLAT = ("1.1",) * 60
HELD = (
    *TRADES,
    trade("2026-11-01", "deposit", ("EUR", "100")),
    trade("2026-11-01", "buy", ("USDT", "100"), ("USD", "110")),
)
FEW = {"BTC": RISING, "ETH": tuple(reversed(RISING)), "EUR": FLAT, "USDT": FLAT}


def test_a_chart_keeps_the_ends_and_every_high_and_low() -> None:
    """A spike on one day of each thousand, and a first point lower than all."""
    values = np.ones(5_000)
    values[0], values[1_234], values[3_456], values[-1] = -9.0, 50.0, -2.0, 7.0
    days = [date(2010, 1, 1) + timedelta(n) for n in range(5_000)]
    other = by_day("Other", days, np.arange(5_000.0))
    drawn = line_chart("x", [by_day("One", days, values), other], "", "", False)
    one, two = drawn.series
    assert len(one.x) <= 8_000
    assert one.x == two.x
    assert (one.y[0], one.y[-1], max(one.y), min(one.y)) == (-9.0, 7.0, 50.0, -9.0)
    assert dict(zip(one.x, one.y, strict=True))[str(days[3_456])] == -2.0
    assert (two.y[0], two.y[-1]) == (0.0, 4_999.0)


def test_thinning_takes_the_extremes_of_each_part() -> None:
    """Two parts of five: the ends, 1 and 9, then 0 and 8."""
    whole = Series("x", tuple("abcdefghij"), (5, 1, 9, 5, 5, 5, 8, 0, 5, 4))
    (found,) = thinned([whole], 6)
    assert found.x == ("a", "b", "c", "g", "h", "j")
    assert thinned([whole], 10) == [whole]


def test_a_series_of_some_years_is_whole_and_has_no_minus_zero() -> None:
    days = [date(2020, 1, 1) + timedelta(n) for n in range(1_500)]
    found = by_day("x", days, np.zeros(1_500) * -100)
    assert len(found.y) == 1_500
    assert {str(value) for value in found.y} == {"0.0"}
    assert [two_decimals(value) for value in (-0.004, -0.006, 1.0)] == ["0.00", "-0.01", "1.00"]


def test_movers_before_there_was_anything() -> None:
    with pytest.raises(KnownError, match="The portfolio only begins on 2026-01-10, after 2022"):
        run("movers", period="2022")
    bought_today = world((trade("2026-11-22", "buy", ("BTC", "1"), ("USD", "80000")),))
    assert facts(run("movers", bought_today, period="all"))["gain of all"] == "$0.00"


def test_movers_and_growth_count_the_same_year() -> None:
    """The newest close is of the day before, and so late only the end."""
    late = world(last=date(2026, 11, 21))
    for period in ("all", "1y", "3d"):
        moved = facts(run("movers", late, period=period))
        grown = facts(run("growth", late, period=period))
        assert moved["gain of all"] == grown["gain"]
        assert moved["period"].split(" to ")[0] == grown["period"].split(" to ")[0]


def test_the_period_begins_with_the_first_return() -> None:
    """Of the closes of 18 to 22 November the first return is that of the 19th."""
    span = "2026-11-19 to 2026-11-22"
    assert facts(run("price_ratio", asset="ETH", against="BTC"))["period"] == span
    assert facts(run("range_backtest", asset="BTC"))["period"] == span
    assert facts(run("risk_board", asset="BTC"))["period"] == span


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        (
            "loan_health",
            {"asset": "ETH", "amount": Decimal("1e400"), "debt": Decimal(5)},
            "1e\\+30",
        ),
        ("rebalance", {"weights": "BTC 60", "cash": Decimal("1e30")}, "cash is out of range"),
        ("rebalance", {"weights": "BTC 60", "cash": Decimal("1e-31")}, "cash is out of range"),
        ("sale_preview", {"asset": "BTC", "price": Decimal(-5)}, "price is at least 0"),
        ("loan_health", {"asset": "ETH", "amount": Decimal(-1), "debt": Decimal(5)}, "at least 0"),
        ("optimise", {"method": "magic"}, "it is one of: by profile, equal weight, .*, HRP$"),
    ],
)
def test_values_that_are_refused(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        run(name, **arguments)


def test_without_a_debt_there_is_no_health_factor() -> None:
    result = run("loan_health", asset="ETH", amount=Decimal(10), debt=Decimal(0))
    assert facts(result)["collateral"] == "$24,000.00"
    assert "no health factor" in result.text
    assert not any(isinstance(card, ChartCard) for card in result.cards)


def test_names_in_any_case() -> None:
    result = run("loan_health", asset="eth", amount=Decimal(10), debt=Decimal(12_000))
    assert facts(result)["health factor"] == "1.65"
    ftx = facts(run("stress_replay", scenario="ftx"))
    assert "value after FTX, November 2022" in ftx
    with pytest.raises(KnownError, match="LUNA, May 2022; FTX, November 2022"):
        run("stress_replay", scenario="tulips")
    assert "60/40 BTC/cash" in run("benchmark", asset="ETH", against="60/40").text
    assert "equal weight" in run("benchmark", asset="ETH", against="Equal Weight").text


def test_the_optimiser_leaves_out_what_stands_still() -> None:
    context = world(HELD, FEW)
    result = run("optimise", context, method="Equal Weight")
    assert "Left out: EUR, USDT (money, or a price that did not move)." in result.text
    assert sorted(row[0] for row in table(result).rows) == ["BTC", "ETH"]
    with pytest.raises(KnownError, match="fewer than two moved"):
        run("optimise", context, assets="BTC, EUR, USDT")


def test_too_few_days_name_who_is_to_blame() -> None:
    young = world(closes={"BTC": RISING, "ETH": RISING, "SOL": RISING[:5]})
    with pytest.raises(KnownError, match=r"only 4 daily returns in common.*leave out SOL"):
        run("optimise", young, assets="BTC, ETH, SOL")
    with pytest.raises(KnownError, match="only 4 daily returns in common") as refused:
        run("monte_carlo", world(closes=CLOSES))
    assert "leave out" not in str(refused.value)
    assert chart(run("drawdown_list", young, asset="BTC")).series[0].y[0] == 0.0
