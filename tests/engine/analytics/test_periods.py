"""Every canonical period as days, today being Sunday, 22 November 2026."""

from datetime import date

import pytest

from engine.analytics.periods import resolve
from engine.core.errors import KnownError

TODAY = date(2026, 11, 22)
FIRST = date(2023, 1, 2)


@pytest.mark.parametrize(
    ("period", "start", "end", "label"),
    [
        (None, "2025-11-23", "2026-11-22", "the last 365 days"),
        ("1d", "2026-11-22", "2026-11-22", "today"),
        ("14d", "2026-11-09", "2026-11-22", "the last 14 days"),
        ("365d", "2025-11-23", "2026-11-22", "the last 365 days"),
        ("1m", "2026-10-23", "2026-11-22", "the last month"),
        ("9m", "2026-02-23", "2026-11-22", "the last 9 months"),
        ("1y", "2025-11-23", "2026-11-22", "the last year"),
        ("3y", "2023-11-23", "2026-11-22", "the last 3 years"),
        ("wtd", "2026-11-16", "2026-11-22", "this week"),
        ("mtd", "2026-11-01", "2026-11-22", "this month"),
        ("ytd", "2026-01-01", "2026-11-22", "this year"),
        ("all", "2023-01-02", "2026-11-22", "since 2023-01-02"),
        ("2024", "2024-01-01", "2024-12-31", "2024"),
        ("2026", "2026-01-01", "2026-11-22", "2026"),
        ("2024-Q1", "2024-01-01", "2024-03-31", "Q1 2024"),
        ("2025-Q4", "2025-10-01", "2025-12-31", "Q4 2025"),
        ("2024-02", "2024-02-01", "2024-02-29", "February 2024"),
        ("2024-01-05..2024-02-10", "2024-01-05", "2024-02-10", "2024-01-05 to 2024-02-10"),
        ("2024-01-05..", "2024-01-05", "2026-11-22", "since 2024-01-05"),
    ],
)
def test_canonical_periods(period: str | None, start: str, end: str, label: str) -> None:
    assert resolve(period, TODAY, FIRST) == (
        date.fromisoformat(start),
        date.fromisoformat(end),
        label,
    )


def test_months_of_different_length() -> None:
    # A month before 31 March is 29 February, so the period starts on 1 March.
    assert resolve("1m", date(2024, 3, 31), FIRST)[0] == date(2024, 3, 1)
    assert resolve("1y", date(2024, 2, 29), FIRST)[0] == date(2023, 3, 1)


def test_all_is_the_default_for_a_young_portfolio() -> None:
    young = date(2026, 6, 1)
    assert resolve(None, TODAY, young) == (young, TODAY, "since 2026-06-01")


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("", "not a period"),
        ("soon", "not a period"),
        ("0d", "not a period"),
        ("5w", "not a period"),
        ("2024-13", "not a period"),
        ("2024-Q5", "not a period"),
        ("2024-02-30..", "not a period"),
        ("0000", "not a period"),
        ("9999y", "not a period"),
        ("2027", "in the future"),
        ("2027-01-01..", "in the future"),
        ("2024-02-10..2024-01-05", "ends before it starts"),
    ],
)
def test_what_is_no_period(period: str, words: str) -> None:
    with pytest.raises(KnownError, match=words):
        resolve(period, TODAY, FIRST)
