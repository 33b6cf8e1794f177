"""Seasons, weekends, long units and days counted from others. Today is Sunday, 22 Nov 2026."""

from datetime import date

import pytest

from engine.analytics.periods import resolve
from engine.assistant.recognise import recognise
from tests.engine.assistant.world import TODAY


def periods(text: str, today: date = TODAY) -> tuple[object, ...]:
    return recognise(text, today, ("BTC",)).values("period")


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("in the summer", "2026-06-01..2026-08-31"),
        ("last summer", "2026-06-01..2026-08-31"),
        ("this spring", "2026-03-01..2026-05-31"),
        ("last winter", "2025-12-01..2026-02-28"),
        ("in winter", "2025-12-01..2026-02-28"),
        ("this autumn", "2026-09-01.."),  # it is not over yet
        ("last autumn", "2025-09-01..2025-11-30"),
        ("in the fall", "2026-09-01.."),
        ("in the spring of 2024", "2024-03-01..2024-05-31"),
        ("summer 2025", "2025-06-01..2025-08-31"),
        ("since the summer", "2026-06-01.."),
        ("at the weekend", "2026-11-21..2026-11-22"),
        ("last weekend", "2026-11-14..2026-11-15"),
        ("over the past decade", "10y"),
        ("over half a decade", "5y"),
        ("zoom out to half a year", "6m"),
        ("three quarters of a year", "9m"),
        ("the month before last", "2026-09"),
        ("the year before last", "2024"),
        ("first half of this year", "2026-01-01..2026-06-30"),
        ("second half of last year", "2025-07-01..2025-12-31"),
        ("this past fortnight", "14d"),
        ("the month before that", "2026-10"),  # when nothing was said before
    ],
)
def test_periods(text: str, period: str) -> None:
    assert periods(f"return of btc {text}") == (period,)
    resolve(period, TODAY, date(2020, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "since my birthday",
        "the fall of bitcoin",
        "the worst fall",
        "did it fall in a hurry",
        "spring into action",
        "7 % a year",
        "four times a year",
        "two days before that",
    ],
)
def test_no_periods(text: str) -> None:
    assert periods(text) == ()


def test_a_season_on_its_first_day_has_begun() -> None:
    assert periods("this summer", date(2026, 6, 1)) == ("2026-06-01..",)
    assert periods("this summer", date(2026, 5, 31)) == ("2025-06-01..2025-08-31",)
    assert periods("last winter", date(2024, 3, 1)) == ("2023-12-01..2024-02-29",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("two days before christmas", "2025-12-23"),
        ("the day after christmas 2024", "2024-12-26"),
        ("the day before", "2026-11-21"),
        ("two days before that", "2026-11-20"),  # when nothing was said before
        ("apr 6", "2026-04-06"),
    ],
)
def test_days(text: str, day: str) -> None:
    assert recognise(f"price of btc {text}", TODAY).values("date") == (day,)


@pytest.mark.parametrize(
    "text",
    ["eth at 7.5k before christmas", "apr 6 paid every sunday", "apr 6 to apy", "each monday"],
)
def test_no_days(text: str) -> None:
    assert recognise(text, TODAY).values("date") == ()


def test_a_day_that_comes_round_only_in_leap_years() -> None:
    assert periods("from 29 February 2024 to March 2025") == ("2024-02-29..2025-03-31",)
    assert recognise("from 29 february to march 2023", date(2024, 3, 5)).mentions
