"""Stress replay and simulation by figures worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from engine.core.errors import KnownError
from tests.engine.assistant.shelf import Shelf, chart, run, table, with_shelf
from tests.engine.assistant.test_analyses import LONG
from tests.engine.assistant.world import facts, figure, world


def test_a_crash_of_the_past_on_todays_holdings() -> None:
    """40,000 of BTC lose 83 % and 30,000 of ETH 88 %: 59,600 of 70,000."""
    result = run("stress_replay", scenario="2018 bear market")
    found = facts(result)
    assert found["2018 bear market"] == "-85.14 % (-$59,600.00)"
    assert table(result).rows[0] == (
        "BTC", "$40,000.00", "-83.00 %", "$6,800.00", "-$33,200.00", "the scenario",
    )  # fmt: skip
    assert table(result).total == (
        "Total", "$70,000.00", "-85.14 %", "$10,400.00", "-$59,600.00", "",
    )  # fmt: skip
    assert "2017-12-17" in table(result).method
    assert len(chart(result).series[0].x) == 5


def test_all_crashes_side_by_side_show_the_worst_coin_by_coin() -> None:
    result = run("stress_replay")
    assert table(result).title.startswith("2018 bear market")
    assert "FTX, November 2022" in facts(result)


def test_scenarios_of_the_users_own() -> None:
    """BTC halves, everything else loses a tenth: 20,000 + 3,000."""
    shelf = Shelf(stored={"scenario": {"mine": {"changes": {"BTC": "-50"}, "others": "-10"}}})
    stored = run("stress_replay", with_shelf(shelf), scenario="mine")
    assert facts(stored)["mine"] == "-32.86 % (-$23,000.00)"
    typed = run("stress_replay", changes="BTC -50, others -10")
    assert facts(typed)["Your changes"] == "-32.86 % (-$23,000.00)"
    # Without "others" what is not named takes the median of the coins named.
    halved = run("stress_replay", changes="BTC -50")
    assert facts(halved)["Your changes"] == "-50.00 % (-$35,000.00)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scenario": "2008"}, "no scenario called '2008'"),
        ({"changes": "BTC down a lot"}, "not a coin and a number"),
        ({"changes": "BTC -150"}, "cannot be read"),
    ],
)
def test_scenarios_that_make_no_sense(arguments: dict[str, str], words: str) -> None:
    with pytest.raises(KnownError, match=words):
        run("stress_replay", **arguments)


def simulated(**arguments: Any) -> str:
    return run("monte_carlo", world(closes=LONG), asset="BTC", paths=2000, **arguments).text


def test_one_day_ahead_is_one_percent_up_or_down() -> None:
    """Every return of the sample is ±1 %, so the next day's value is one of two."""
    result = run("monte_carlo", world(closes=LONG), asset="BTC", days=1, paths=2000)
    start = figure(result, "value now")
    assert figure(result, "5 % of the paths end below") == pytest.approx(
        start * Decimal("0.99"), rel=Decimal("1e-4")
    )
    assert figure(result, "95 % of the paths end below") == pytest.approx(
        start * Decimal("1.01"), rel=Decimal("1e-4")
    )
    assert figure(result, "VaR 95 %") == pytest.approx(start * Decimal("0.01"), rel=Decimal("1e-4"))
    assert 45 < figure(result, "chance of a loss") < 55
    assert len(chart(result).series) == 5
    assert facts(result)["horizon"] == "2026-11-23"


def test_the_same_seed_gives_the_same_figures() -> None:
    assert simulated(days=20, seed=7) == simulated(days=20, seed=7)
    assert simulated(days=20, seed=7) != simulated(days=20, seed=8)


@pytest.mark.parametrize("method", ["normal", "student_t"])
def test_simulation_by_a_curve_states_it(method: str) -> None:
    result = run("monte_carlo", world(closes=LONG), days=10, paths=1000, method=method)
    assert "returns" in chart(result).method
    assert "seed 0" in chart(result).method


def test_nothing_that_moves_cannot_be_simulated() -> None:
    with pytest.raises(KnownError, match="Nothing that is held moves"):
        run("monte_carlo", world(closes={"BTC": ("5",) * 100}), asset="BTC")
