"""Periods and days in their canonical forms. Today is Sunday, 22 November 2026."""

from datetime import date

import pytest

from engine.analytics.periods import resolve
from engine.assistant.recognise import recognise
from tests.engine.assistant.world import TODAY


@pytest.mark.parametrize(
    ("text", "period"),
    [
        # Rolling.
        ("over the last 30 days", "30d"),
        ("last 30d", "30d"),
        ("in the past two weeks", "14d"),
        ("past week", "7d"),
        ("last week", "7d"),
        ("over the last year", "1y"),
        ("in the past year", "1y"),
        ("during the last month", "1m"),
        ("for the previous month", "1m"),
        ("last 12 months", "1y"),
        ("6 months", "6m"),
        ("over half a year", "6m"),
        ("over a quarter", "3m"),
        ("last 3 years", "3y"),
        ("over the past couple weeks", "14d"),
        ("year on year", "1y"),
        ("yoy", "1y"),
        ("up or down on the day", "1d"),
        ("over last year", "2025"),
        ("for last month", "2026-10"),
        ("in the month of may", "2026-05"),
        ("between march and may", "2026-03-01..2026-05-31"),
        ("from the beginning of march", "2026-03-01.."),
        ("year before last", "2024"),
        ("the current quarter", "2026-Q4"),
        ("first quarter of this year", "2026-Q1"),
        ("first quarter of last year", "2025-Q1"),
        ("05/2024", "2024-05"),
        ("itd", "all"),
        ("24h", "1d"),
        ("last 24 hours", "1d"),
        ("today", "1d"),
        # Running.
        ("this week", "wtd"),
        ("this month", "mtd"),
        ("month to date", "mtd"),
        ("this year", "ytd"),
        ("ytd", "ytd"),
        ("year to date", "ytd"),
        ("so far this year", "ytd"),
        ("ever", "all"),
        ("all time", "all"),
        ("since the beginning", "all"),
        ("since i started", "all"),
        # Calendar.
        ("last year", "2025"),
        ("last month", "2026-10"),
        ("in 2024", "2024"),
        ("in Q1 2024", "2024-Q1"),
        ("2024 Q3", "2024-Q3"),
        ("first quarter of 2025", "2025-Q1"),
        ("in march", "2026-03"),
        ("in December", "2025-12"),
        ("in march 2024", "2024-03"),
        ("2024-03", "2024-03"),
        # Ranges and open ends.
        ("from 2024-01-05 to 2024-02-10", "2024-01-05..2024-02-10"),
        ("between 5 January 2024 and 10 February 2024", "2024-01-05..2024-02-10"),
        ("from march to june 2024", "2024-03-01..2024-06-30"),
        ("since 2024-01-05", "2024-01-05.."),
        ("since march 2024", "2024-03-01.."),
        ("since march", "2026-03-01.."),
        ("since 2024", "2024-01-01.."),
        ("first half of 2024", "2024-01-01..2024-06-30"),
    ],
)
def test_periods(text: str, period: str) -> None:
    found = recognise(f"how did btc do {text}", TODAY, ("BTC",))
    assert found.values("period") == (period,)
    resolve(period, TODAY, date(2023, 1, 1))  # the tools understand it


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on 2024-03-05", "2024-03-05"),
        ("on 5 March 2024", "2024-03-05"),
        ("on March 5, 2024", "2024-03-05"),
        ("on the 5th of march 2024", "2024-03-05"),
        ("on Mar 5th, 2024", "2024-03-05"),
        ("on 05.03.2024", "2024-03-05"),
        ("on 5 march", "2026-03-05"),
        ("on 24 december", "2025-12-24"),
        ("yesterday", "2026-11-21"),
        ("the day before yesterday", "2026-11-20"),
        ("a month ago", "2026-10-22"),
        ("a year ago", "2025-11-22"),
        ("3 days ago", "2026-11-19"),
        ("two weeks ago", "2026-11-08"),
        ("six months ago", "2026-05-22"),
        ("on monday", "2026-11-16"),
        ("last friday", "2026-11-20"),
        ("on christmas", "2025-12-25"),
        ("at the end of 2024", "2024-12-31"),
    ],
)
def test_days(text: str, day: str) -> None:
    assert recognise(f"price of btc {text}", TODAY, ("BTC",)).values("date") == (day,)


def test_the_last_day_of_a_short_month() -> None:
    assert recognise("a month ago", date(2026, 3, 31)).values("date") == ("2026-02-28",)
    assert recognise("a year ago", date(2024, 2, 29)).values("date") == ("2023-02-28",)


@pytest.mark.parametrize("text", ["on 31.02.2024", "on 2024-13-40", "on 30 February 2024"])
def test_days_that_do_not_exist(text: str) -> None:
    assert recognise(f"price {text}", TODAY).values("date") == ()


@pytest.mark.parametrize(
    "text",
    [
        "all my coins",
        "may i ask something",
        "the second best coin",
        "5m dollars",
        "how are you",
    ],
)
def test_no_period(text: str) -> None:
    found = recognise(text, TODAY)
    assert found.values("period") == ()
    assert found.values("date") == ()


@pytest.mark.parametrize(
    "text",
    [
        "price of btc 3000 years ago",
        "99999999999 days ago",
        "9999999999999999999999 months ago",
        f"over {'9' * 400} days",
        f"over {'9' * 60} years",
        "over the last 0 days",
    ],
)
def test_absurd_times_are_no_accident(text: str) -> None:
    found = recognise(text, TODAY)
    for period in found.values("period"):
        assert len(str(period)) < 30
