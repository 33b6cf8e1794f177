"""Replaying crashes, by hand."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.scenarios import (
    Scenario,
    own_changes,
    read_history,
    replay,
    scenario_from_body,
    scenario_to_body,
)
from engine.core.errors import KnownError
from engine.ledger.replay import replay_holdings, shipped_scenarios
from tests.engine.ledger.ledger_samples import price_book

CRASH = Scenario(
    "A crash",
    {"BTC": Decimal("-0.5"), "ETH": Decimal("-0.6"), "XRP": Decimal("-0.8"), "USDT": Decimal(0)},
    start=date(2020, 1, 1),
    end=date(2020, 1, 3),
)


def test_every_asset_gets_its_change() -> None:
    held = {"BTC": Decimal(1000), "USD": Decimal(500), "USDC": Decimal(100), "NEW": Decimal(200)}
    outcome = replay(CRASH, held | {"SHIB": None})
    # BTC -500; NEW takes the median of -50, -60 and -80 %: -120. Money and stablecoins stay.
    assert (outcome.before, outcome.after, outcome.change) == (1800, 1180, -620)
    assert outcome.relative == Decimal(-620) / 1800
    assert [(row.asset, row.after, row.basis) for row in outcome.rows] == [
        ("BTC", 500, "stated"),
        ("NEW", 80, "median"),
        ("USD", 500, "money"),
        ("USDC", 100, "stablecoin"),
    ]
    assert (outcome.unpriced, outcome.assumed) == (("SHIB",), ("NEW",))


def test_a_beta_scales_the_median_and_nothing_falls_below_zero() -> None:
    held = {"CALM": Decimal(100), "WILD": Decimal(100)}
    outcome = replay(CRASH, held, betas={"CALM": Decimal("0.5"), "WILD": Decimal(2)})
    assert [(row.asset, row.after, row.basis) for row in outcome.rows] == [
        ("WILD", 0, "beta"),
        ("CALM", 70, "beta"),
    ]
    assert replay(CRASH, {"BTC": Decimal(10)}, own={"BTC": Decimal("-0.4")}).after == 6


def test_own_prices_need_both_days() -> None:
    closes = {("BTC", 1): Decimal(200), ("BTC", 3): Decimal(150), ("ETH", 1): Decimal(7)}
    found = own_changes(CRASH, ["BTC", "ETH"], lambda asset, day: closes.get((asset, day.day)))
    assert found == {"BTC": Decimal("-0.25")}
    assert own_changes(Scenario("Mine", {}), ["BTC"], lambda asset, day: Decimal(1)) == {}


def test_the_users_prices_are_used_where_they_reach() -> None:
    start, year = date(2024, 1, 1), range(100)
    moves = np.random.default_rng(3).normal(0, 0.03, 100)
    market = np.cumprod(1 + moves)
    twice = np.cumprod(1 + 2 * moves)

    def series(values: np.ndarray) -> dict[str, str]:
        return {str(start + timedelta(n)): str(values[n]) for n in year}

    book = price_book(
        BTC=series(market) | {"2020-01-01": "100", "2020-01-03": "70"},
        ETH=series(3 * market),
        XRP=series(market),
        NEW=series(twice),
        OLD={"2024-04-09": "1"},
    )
    held = {asset: Decimal(100) for asset in ("BTC", "ETH", "NEW", "OLD", "USD")}
    outcome = replay_holdings(CRASH, held, book, "USD", date(2024, 4, 9))
    rows = {row.asset: row for row in outcome.rows}
    assert (rows["BTC"].change, rows["BTC"].basis) == (Decimal("-0.3"), "own prices")
    assert (rows["ETH"].change, rows["ETH"].basis) == (Decimal("-0.6"), "stated")
    # NEW moves twice as much as the others, so twice the median of -60 % is all of it.
    assert (rows["NEW"].change, rows["NEW"].basis) == (-1, "beta")
    assert (rows["OLD"].change, rows["OLD"].basis) == (Decimal("-0.6"), "median")
    assert (rows["USD"].change, rows["USD"].basis) == (0, "money")


def test_the_shipped_crashes() -> None:
    shipped = {one.name: one for one in shipped_scenarios()}
    assert [(one.start, one.end) for one in shipped.values()] == [
        (date(2017, 12, 17), date(2018, 12, 15)),
        (date(2020, 3, 7), date(2020, 3, 13)),
        (date(2021, 5, 12), date(2021, 5, 23)),
        (date(2022, 5, 5), date(2022, 5, 12)),
        (date(2022, 11, 5), date(2022, 11, 10)),
    ]
    # Closes of bitcoin that anyone can look up: 19,141 -> 3,253, 8,909 -> 5,563, 49,151 -> 34,771,
    # 36,576 -> 29,047 and 21,282 -> 17,587 dollars.
    for one, (first, last) in zip(
        shipped.values(),
        [(19141, 3253), (8909, 5563), (49151, 34771), (36576, 29047), (21282, 17587)],
        strict=True,
    ):
        assert float(one.changes["BTC"]) == pytest.approx(last / first - 1, abs=0.01)
        assert min(one.changes.values()) >= -1
        assert one.typical < Decimal("-0.15")
    assert "SOL" not in shipped["2018 bear market"].changes
    assert shipped["LUNA, May 2022"].changes["LUNA"] == Decimal("-0.9999")
    assert shipped["FTX, November 2022"].changes["FTT"] == Decimal("-0.85")


def test_the_users_own_scenario() -> None:
    mine = scenario_from_body("Winter", {"changes": {"btc": "-50", "ETH": "12.5"}})
    assert mine == Scenario(
        "Winter", {"BTC": Decimal("-0.5"), "ETH": Decimal("0.125")}, others=Decimal(0)
    )
    assert replay(mine, {"SOL": Decimal(5), "BTC": Decimal(4)}).after == 7
    everything = scenario_from_body("All", {"others": "-60"})
    assert replay(everything, {"SOL": Decimal(5), "USD": Decimal(1)}).after == 3
    by_median = scenario_from_body("Median", {"changes": {"BTC": "-20"}, "others": None})
    assert replay(by_median, {"SOL": Decimal(5)}).after == 4


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "changes nothing"),
        ({"changes": {}, "others": "0"}, "changes nothing"),
        ({"changes": "BTC"}, "a change each"),
        ({"changes": {"BTC": "much"}}, "not a number"),
        ({"changes": {"BTC": "-101"}}, "not possible"),
        ({"changes": {"BTC": "NaN"}}, "not a number"),
        ({"changes": {"no coin!": "-5"}}, "not a symbol"),
        ({"changes": {"BTC": None}}, "not a number"),
        ({"others": "20000"}, "not possible"),
    ],
)
def test_what_is_no_scenario(body: dict[str, object], words: str) -> None:
    with pytest.raises(KnownError, match=words):
        scenario_from_body("Mine", body)


@given(
    st.dictionaries(
        st.sampled_from(["BTC", "ETH", "SOL"]),
        st.decimals(-100, 900, places=3),
        min_size=1,
    ),
    st.none() | st.decimals(-100, 900, places=1),
)
def test_a_scenario_survives_storage(percents: dict[str, Decimal], others: Decimal | None) -> None:
    changes = {asset: percent / 100 for asset, percent in percents.items()}
    scenario = Scenario("Mine", changes, None if others is None else others / 100)
    assert scenario_from_body("Mine", scenario_to_body(scenario)) == scenario


def test_a_table_that_contradicts_itself_is_refused() -> None:
    head = "scenario,start,end,asset,change_percent\n"
    row = "A,2020-01-01,2020-01-02,BTC,-5\n"
    assert len(read_history("# note\n" + head + row)) == 1
    for bad in (row + row, row + "A,2020-01-01,2020-01-09,ETH,-5\n"):
        with pytest.raises(ValueError, match="A:"):
            read_history(head + bad)


def test_nothing_to_replay_on() -> None:
    with pytest.raises(KnownError, match="no value"):
        replay(CRASH, {"BTC": None})
