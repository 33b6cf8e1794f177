"""The figure of each kind of alert, worked out by hand, and what its firing says."""

import random
import statistics
from itertools import pairwise

import pytest

from engine.alerts.kinds import KINDS
from engine.alerts.panel import SeriesId, flag_rows
from tests.engine.alerts.alert_data import (
    NAN,
    above,
    below,
    check,
    day,
    days_fired,
    fired,
    panel,
    rows,
)


def test_a_price_is_reached_by_the_high_or_the_low() -> None:
    data = panel(rows("BTC", [95, 96, 97], highs=[95, 100, 97], lows=[95, 90, 97]))
    (up,) = fired(above("100"), data)
    assert (up.day, up.rows[0].measured, up.rows[0].close) == (day(1), 100, 96)
    assert (up.title, up.text) == ("BTC above $100.00", "BTC was at $100.00 on 2024-01-02.")
    (down,) = fired(below("90"), data)
    assert (down.day, down.rows[0].measured) == (day(1), 90)
    assert down.rows[0].series == SeriesId("price", "BTC/USD")
    assert days_fired(above("100.01"), data) == []


def test_a_move_is_measured_from_the_close_so_many_days_before() -> None:
    data = panel(rows("BTC", [100, 110, 99, 108.9], lows=[100, 110, 98, 108.9]))
    up = check("move", asset="BTC", direction="up", percent="10")
    assert days_fired(up, data) == [1, 3]
    down = check("move", asset="BTC", direction="down", percent="10.5")
    (fell,) = fired(down, data)
    # 98 / 110 - 1
    assert fell.rows[0].measured == pytest.approx(-0.109090909, abs=1e-9)
    assert fell.text == "BTC had moved -10.91 % in 24 h on 2024-01-03."
    two = check("move", asset="BTC", direction="down", percent="1", days="2")
    assert days_fired(two, data) == [2]


def test_a_move_over_a_gap_is_not_known() -> None:
    data = panel(rows("BTC", [100, NAN, 200, 200, 300]))
    up = check("move", asset="BTC", direction="up", percent="10")
    assert days_fired(up, data) == [4]


def test_a_drawdown_is_from_the_highest_high_of_the_days_before() -> None:
    closes, highs, lows = [100, 100, 110, 105, 95], [100, 120, 130, 105, 95], [100, 99, 96, 105, 90]
    data = panel(rows("BTC", closes, highs, lows))
    # Day 2: 1 - 96/120 = 20 %, as its own high of 130 may have come later. Day 4: 1 - 90/130.
    (first,) = fired(check("drawdown", asset="BTC", percent="20"), data)
    assert (first.day, first.rows[0].measured) == (day(2), pytest.approx(0.2))
    (second,) = fired(check("drawdown", asset="BTC", percent="30"), data)
    assert (second.day, second.rows[0].measured) == (day(4), pytest.approx(1 - 90 / 130))
    assert second.text == "BTC was 30.77 % below its high of 365 days on 2024-01-05."
    # Two days back the peak is 130, three days back as well; one day back it is 105.
    one = check("drawdown", asset="BTC", percent="30", days="1")
    assert days_fired(one, data) == []


def _walk(returns: list[float]) -> list[float]:
    prices = [100.0]
    for one in returns:
        prices.append(prices[-1] * (1 + one))
    return prices


def test_volatility_that_triples() -> None:
    calm, wild = [0.01, -0.01] * 14, [0.03, -0.03] * 7
    data = panel(rows("BTC", _walk(calm + wild)))
    # Alternating +a, -a over an even n has the deviation a * sqrt(n / (n - 1)), so that the ratio
    # is 3 * sqrt(14/13) / sqrt(28/27) = 3.0571480.
    rises = check("volatility", asset="BTC", times="3.05", days="14", base_days="28")
    (one,) = fired(rises, data)
    assert one.day == day(42)
    assert one.rows[0].measured == pytest.approx(3.0571480, abs=1e-7)
    assert days_fired(check("volatility", asset="BTC", times="3.06", base_days="28"), data) == []


def test_volatility_that_calms_and_prices_that_stand_still() -> None:
    data = panel(rows("BTC", _walk([0.04, -0.04] * 10 + [0.01, -0.01] * 5)))
    calm = check(
        "volatility", asset="BTC", direction="below", times="0.5", days="10", base_days="20"
    )
    returns = [b / a - 1 for a, b in pairwise(data.close[:, 0].tolist())]
    # Two thirds of the twenty returns of before are fourteen.
    ratios = {
        end: statistics.stdev(returns[end - 10 : end])
        / statistics.stdev(returns[max(end - 30, 0) : end - 10])
        for end in range(24, 31)
    }
    first = min(end for end, ratio in ratios.items() if ratio <= 0.5)
    (one,) = fired(calm, data)
    assert (one.day, one.rows[0].measured) == (day(first), pytest.approx(ratios[first]))
    # At the end it is 1/4 * sqrt(10/9) / sqrt(20/19).
    (last,) = fired(calm, data, made=30)
    assert last.rows[0].measured == pytest.approx(0.256850, abs=1e-6)
    still = panel(rows("BTC", [100.0] * 40))
    assert days_fired(calm, still) == []


def test_volatility_over_gaps_agrees_with_the_standard_library() -> None:
    chance = random.Random(7)
    prices = _walk([chance.gauss(0, 0.02 if n < 24 else 0.05) for n in range(34)])
    for gap in (3, 11, 25):
        prices[gap] = NAN
    data = panel(rows("BTC", prices))
    returns = [
        (index, b / a - 1)
        for index, (a, b) in enumerate(pairwise(prices), 1)
        if a == a and b == b  # noqa: PLR0124  (NaN)
    ]
    now = statistics.stdev([one for index, one in returns if index > 34 - 10])
    before = statistics.stdev([one for index, one in returns if 4 < index <= 24])
    ratio = now / before
    bar = f"{ratio * 0.999:.9f}"
    watch = check("volatility", asset="BTC", times=bar, days="10", base_days="20")
    (one,) = fired(watch, data, made=34)
    assert one.rows[0].measured == pytest.approx(ratio, rel=1e-12)


def test_a_correlation_that_jumps() -> None:
    chance = random.Random(3)
    a = [chance.gauss(0, 0.02) for _ in range(40)]
    b = a[:20] + [-one for one in a[20:]]
    data = panel(rows("BTC", _walk(a)), rows("ETH", _walk(b)))
    jump = check("correlation", asset="BTC", other="ETH", change="1.9999", days="20")
    (one,) = fired(jump, data)
    assert one.day == day(40)
    assert one.rows[0].measured == pytest.approx(2.0, abs=1e-12)
    c = [chance.gauss(0, 0.02) for _ in range(40)]
    data = panel(rows("BTC", _walk(a)), rows("SOL", _walk(c)))
    expected = abs(statistics.correlation(a[20:], c[20:]) - statistics.correlation(a[:20], c[:20]))
    watch = check(
        "correlation", asset="BTC", other="SOL", change=f"{expected * 0.999:.9f}", days="20"
    )
    (one,) = fired(watch, data, made=40)
    assert one.rows[0].measured == pytest.approx(expected, abs=1e-9)


def test_a_weight_off_its_target_on_either_side() -> None:
    drift = check("weight", asset="BTC", target="50", points="5")
    data = panel(rows(SeriesId("weight", "BTC"), [0.5, 0.54, 0.55, 0.5, 0.44]))
    assert days_fired(drift, data) == [2, 4]
    assert fired(drift, data)[1].text == (
        "The weight of BTC was 6.00 points off its target of 50 % on 2024-01-05."
    )


def test_a_depeg_above_or_below() -> None:
    off = check("depeg", asset="USDC", percent="1")
    closes = [1.0, 0.999, 1.0, 1.0, 1.011]
    data = panel(rows("USDC", closes, closes, [1.0, 0.9895, 1.0, 1.0, 1.011]))
    assert days_fired(off, data) == [1, 4]
    first = fired(off, data)[0]
    assert first.rows[0].measured == pytest.approx(0.0105)
    assert first.text == "USDC was 1.05 % off its peg of $1.00 on 2024-01-02."


def test_a_yield_that_drops_against_its_average() -> None:
    pool = SeriesId("yield", "Pool A")
    drop = check("yield", pool="Pool A", percent="50", days="4")
    # The mean of 8, 10, 12, 10 % is 10 %; of 10, 12, 10, 5 % it is 9.25 %.
    data = panel(rows(pool, [0.08, 0.10, 0.12, 0.10, 0.05, 0.09]))
    (one,) = fired(drop, data)
    assert (one.day, one.rows[0].measured) == (day(4), pytest.approx(0.5))
    assert one.text == "The yield of Pool A was 50.00 % below its average of 4 days on 2024-01-05."
    assert days_fired(drop, panel(rows(pool, [0.0, 0.0, 0.0, 0.0, -0.1]))) == []


def test_a_position_out_of_its_range() -> None:
    out = check("range", asset="ETH", lower="1000", upper="2000")
    closes = [1500, 1990, 1985, 1500, 1200, 1500]
    highs = [1500, 2020, 1990, 1500, 1200, 1500]
    lows = [1500, 1990, 1985, 1500, 990, 1500]
    data = panel(rows("ETH", closes, highs, lows))
    # Day 2 closes within 1 % of the edge.
    assert days_fired(out, data) == [1, 4]
    up, down = fired(out, data)
    assert up.rows[0].measured == pytest.approx(1.01)
    assert up.text == "ETH was 1.00 % out of its range on 2024-01-02."
    assert down.rows[0].measured == pytest.approx(1000 / 990)


def test_a_health_factor() -> None:
    loan = SeriesId("health", "Aave")
    low = check("health", position="Aave", level="1.2")
    data = panel(rows(loan, [1.5, 1.3, 1.25, 1.27, 1.2], lows=[1.5, 1.19, 1.25, 1.27, 1.2]))
    # It is over above 1.2 * 1.05 = 1.26.
    assert days_fired(low, data) == [1, 4]
    assert fired(low, data)[0].text == "The health factor of Aave was 1.19 on 2024-01-02."


def test_data_gone_stale_is_of_its_last_row() -> None:
    stale = check("stale", name="BTC/USD", days="3")
    data = panel(rows("BTC", [1, 1, NAN, NAN, NAN, 1, 1]), today=12)
    first, second = fired(stale, data)
    assert (first.day, first.rows[0].day, first.key) == (day(4), day(1), "price BTC/USD 2024-01-02")
    assert (second.day, second.rows[0].day) == (day(9), day(6))
    assert second.text == "The price of BTC/USD was last known on 2024-01-07."


def test_red_flags_that_are_new() -> None:
    cards = [
        (day(0), frozenset({"owner can mint"})),
        (day(2), frozenset({"owner can mint", "no audit", "high tax"})),
        (day(3), frozenset({"owner can mint", "paused"})),
        (day(4), frozenset({"paused"})),
    ]
    data = panel(flag_rows("XYZ", cards))
    flag = check("red_flag", token="XYZ")
    # Those of before the alert are not new; two rows in succession both fire.
    assert days_fired(flag, data) == [2, 3]
    assert [one.text for one in fired(flag, data)] == [
        "XYZ had 2 new red flags on 2024-01-03: high tax, no audit.",
        "XYZ had 1 new red flag on 2024-01-04: paused.",
    ]


def test_every_kind_is_described() -> None:
    described = {
        "price": ({"direction": "above", "level": "5"}, "BTC above $5.00"),
        "move": ({"direction": "up", "percent": "7.5", "days": "7"}, "BTC up 7.5 % in 7 days"),
        "drawdown": ({"percent": "20"}, "BTC 20 % below its high of 365 days"),
        "volatility": ({}, "BTC volatility of 14 days above 2 times that of the 180 days before"),
        "correlation": (
            {"other": "ETH", "change": "0.5"},
            "correlation of BTC and ETH over 30 days changed by 0.5",
        ),
        "weight": (
            {"target": "0", "points": "5"},
            "BTC 5 points off its target weight of 0 %",
        ),
        "depeg": ({"percent": "1"}, "BTC 1 % off its peg of $1.00"),
        "yield": ({"pool": "P", "percent": "30"}, "yield of P 30 % below its average of 30 days"),
        "range": ({"lower": "1", "upper": "2"}, "BTC out of the range $1.00 to $2.00"),
        "health": ({"position": "P"}, "health factor of P below 1.5"),
        "stale": ({"name": "BTC/USD", "days": "1"}, "no new price of BTC/USD for 1 day"),
        "red_flag": ({"token": "XYZ"}, "a new red flag of XYZ"),
    }
    assert described.keys() == KINDS.keys()
    for name, (values, text) in described.items():
        asset = {"asset": "BTC"} if any(f.name == "asset" for f in KINDS[name].fields) else {}
        assert KINDS[name].describe(check(name, **asset, **values)) == text
