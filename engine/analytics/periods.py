"""Named periods as days.

A period is a range of whole UTC days, both included: "30d" is today and the 29 days before it, so
that it holds thirty daily returns, the first one counted from the close of the day before `start`.
"""

import calendar
import re
from datetime import date, timedelta

from engine.core.errors import KnownError

Period = tuple[date, date, str]
"""Start, end and how to call it."""

_ROLLING = re.compile(r"([1-9][0-9]{0,3})([dmy])")
_YEAR = re.compile(r"([0-9]{4})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})?")
_UNITS = {"d": "day", "m": "month", "y": "year"}


def resolve(period: str | None, today: date, first: date) -> Period:
    """Days of a canonical period; None means the last 365 days, or all if that is shorter.

    first: the first day there is data for, which is where "all" starts. An end after today becomes
    today. Raises KnownError if it is no period or lies in the future.
    """
    if period is None:
        year = today - timedelta(364)
        if first > year:
            return resolve("all", today, first)
        return year, today, "the last 365 days"
    try:
        start, end, label = _parse(period.strip(), today, first)
    except (ValueError, OverflowError):
        raise _unknown(period) from None
    if start > today:
        raise KnownError(f"The period {label} is in the future.", "Choose an earlier one.")
    if end < start:
        raise KnownError("The period ends before it starts.", "Choose another one.")
    return start, min(end, today), label


def _parse(period: str, today: date, first: date) -> Period:
    named = _named(period, today, first)
    if named:
        return named
    if match := _ROLLING.fullmatch(period):
        return _rolling(int(match[1]), match[2], today)
    if match := _YEAR.fullmatch(period):
        year = int(match[1])
        return date(year, 1, 1), date(year, 12, 31), period
    if match := _QUARTER.fullmatch(period):
        year, quarter = int(match[1]), int(match[2])
        return date(year, 3 * quarter - 2, 1), _month_end(year, 3 * quarter), f"Q{quarter} {year}"
    if match := _MONTH.fullmatch(period):
        year, month = int(match[1]), int(match[2])
        start = date(year, month, 1)
        return start, _month_end(year, month), f"{calendar.month_name[month]} {year}"
    if match := _RANGE.fullmatch(period):
        start = date.fromisoformat(match[1])
        if match[2]:
            return start, date.fromisoformat(match[2]), f"{match[1]} to {match[2]}"
        return start, max(today, start), f"since {match[1]}"
    raise ValueError(period)


def _named(period: str, today: date, first: date) -> Period | None:
    name = period.lower()
    if name == "wtd":
        return today - timedelta(today.weekday()), today, "this week"
    if name == "mtd":
        return today.replace(day=1), today, "this month"
    if name == "ytd":
        return today.replace(month=1, day=1), today, "this year"
    if name == "all":
        return min(first, today), today, f"since {min(first, today)}"
    return None


def _rolling(count: int, unit: str, today: date) -> Period:
    if unit == "d":
        before = today - timedelta(count)
    else:
        before = _months_back(today, count if unit == "m" else 12 * count)
    if count == 1:
        label = "today" if unit == "d" else f"the last {_UNITS[unit]}"
    else:
        label = f"the last {count} {_UNITS[unit]}s"
    return before + timedelta(1), today, label


def _months_back(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _unknown(period: str) -> KnownError:
    return KnownError(
        f'"{period[:40]}" is not a period.',
        "A period looks like 30d, 6m, ytd, 2024, 2024-Q1, 2024-03 or 2024-01-05..2024-02-10.",
    )
