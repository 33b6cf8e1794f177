"""The report on a series: every doubt is found with its day and row, and nothing else is."""

import itertools
import math
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.records import PricePoint
from engine.market.quality import LEAST_SPREAD, examine

START = date(2024, 1, 1)


def series(*closes: float | str) -> list[PricePoint]:
    return [
        PricePoint("BTC", "USD", START + timedelta(n), Decimal(str(close)))
        for n, close in enumerate(closes)
    ]


@pytest.fixture
def calm() -> list[PricePoint]:
    """100 days whose log returns are evenly spread between -2 % and 2 %, shuffled."""
    moves = [0.02 * (number - 49) / 49 for number in range(99)]
    random.Random(5).shuffle(moves)
    logs = itertools.accumulate(moves, initial=math.log(100))
    return series(*(f"{math.exp(value):.9f}" for value in logs))


def last_day(points: list[PricePoint]) -> date:
    return points[-1].day


def test_a_series_in_order(calm: list[PricePoint]) -> None:
    found = examine(calm, last_day(calm) + timedelta(7))
    assert (found.first, found.last, found.count) == (START, START + timedelta(99), 100)
    assert (found.missing, found.longest_gap, found.findings) == (0, 0, ())
    # Half of the returns are at most 0.02 * 25 / 49 from the middle, which is 0.
    assert found.spread == pytest.approx(1.4826 * 0.02 * 25 / 49)


def test_gaps(calm: list[PricePoint]) -> None:
    kept = [p for n, p in enumerate(calm) if n != 10 and not 50 <= n < 54]
    found = examine(kept, last_day(kept))
    assert (found.missing, found.longest_gap) == (5, 4)
    assert [(f.kind, f.day, f.text, f.row) for f in found.findings] == [
        ("gap", START + timedelta(10), "no price", calm[9]),
        ("gap", START + timedelta(50), "no price for 4 days", calm[49]),
    ]


def test_a_row_with_a_slipped_point_is_a_spike(calm: list[PricePoint]) -> None:
    wrong = replace(calm[40], close=calm[40].close * 10)
    found = examine([*calm[:40], wrong, *calm[41:]], last_day(calm))
    (spike,) = found.findings
    assert (spike.kind, spike.day, spike.row) == ("spike", wrong.day, wrong)
    assert spike.text.startswith("+")
    assert spike.text.endswith("spreads and back")


def test_a_crash_that_stays_is_a_jump(calm: list[PricePoint]) -> None:
    halved = [replace(p, close=p.close / 2) for p in calm[60:]]
    (jump,) = examine([*calm[:60], *halved], last_day(calm)).findings
    assert (jump.kind, jump.day, jump.row) == ("jump", START + timedelta(60), halved[0])


def test_the_last_row_cannot_come_back_yet(calm: list[PricePoint]) -> None:
    points = [*calm[:-1], replace(calm[-1], close=calm[-1].close * 10)]
    (jump,) = examine(points, last_day(points)).findings
    assert jump.kind == "jump"


def test_a_gap_makes_a_larger_move_ordinary(calm: list[PricePoint]) -> None:
    # 12 % over 36 missing days is 2 % per square root of a day.
    points = [*calm[:30], *(replace(p, close=p.close * Decimal("1.12")) for p in calm[66:])]
    assert [f.kind for f in examine(points, last_day(points)).findings] == ["gap"]


def test_few_prices_have_no_outliers() -> None:
    found = examine(series(1, 1000, 1, 1), START)
    assert found.spread is None
    assert found.findings == ()


def test_a_peg_is_not_measured_against_nothing() -> None:
    points = series(*(["1.0000"] * 30), "1.0004", *(["1.0000"] * 30))
    found = examine(points, last_day(points))
    assert found.spread == LEAST_SPREAD
    assert found.findings == ()
    points = series(*(["1.0000"] * 61), "0.90", "0.88")
    found = examine(points, last_day(points))
    # The median is 0, so the mean counts: of 60 zeros, ln 0.9 and ln 0.88 / 0.9.
    assert found.spread == pytest.approx(1.2533 * -math.log(0.88) / 62)
    assert [(f.kind, f.day) for f in found.findings] == [("jump", START + timedelta(61))]


def test_impossible_candles() -> None:
    points = series(10, 10, 10, 10)
    points[0] = replace(points[0], high=Decimal(8), low=Decimal(9))
    points[1] = replace(points[1], high=Decimal("9.5"), low=Decimal(9), open=Decimal(8))
    points[2] = replace(points[2], open=Decimal(11), high=Decimal(11), low=Decimal("10.5"))
    points[3] = replace(points[3], open=Decimal(9), high=Decimal(10), low=Decimal(9))
    assert [(f.kind, f.day.day, f.text) for f in examine(points, START).findings] == [
        ("candle", 1, "high 8 below low 9"),
        ("candle", 2, "open 8 below low 9"),
        ("candle", 2, "close 10 above high 9.5"),
        ("candle", 3, "close 10 below low 10.5"),
    ]


def test_runs_without_volume() -> None:
    points = [
        replace(point, volume=None if n == 9 else Decimal(0 if n in (1, 2, 5, 6, 7) else 4))
        for n, point in enumerate(series(*range(1, 11)))
    ]
    (silent,) = examine(points, last_day(points)).findings
    assert (silent.kind, silent.text, silent.row) == (
        "no volume",
        "nothing traded, 3 rows",
        points[5],
    )


def test_a_stale_series() -> None:
    points = series(1, 2)
    assert examine(points, START + timedelta(8)).findings == ()
    (stale,) = examine(points, START + timedelta(9)).findings
    assert (stale.kind, stale.text) == ("stale", "the last price is 8 days old")
