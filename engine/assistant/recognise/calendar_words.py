"""The words of the calendar, and sums with days and months."""

import calendar
import re
from datetime import date, timedelta

from engine.assistant.recognise.numbers import spelt_number

MONTHS = {
    name: number
    for number in range(1, 13)
    for name in (calendar.month_name[number].lower(), calendar.month_abbr[number].lower())
} | {"sept": 9, "febuary": 2, "feburary": 2, "janurary": 1, "agust": 8, "septmber": 9,
     "ocotber": 10, "novmber": 11, "decemeber": 12, "arpil": 4}  # fmt: skip
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
WEEKDAYS = {name.lower(): index for index, name in enumerate(calendar.day_name)}
YEAR = r"(?:20[0-3]\d)"
# A year behind a day: "9 August last year".
SAID_YEAR = rf"(?:in\s+|of\s+)?{YEAR}|'2\d\b|(?:of\s+)?(?:this|last)\s+(?:year|yr)"
COUNT = (
    r"\d+(?:\.5)?|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|"
    r"four|five|six|seven|eight|nine))?|(?:six|seven|eigh|nine)teen|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|eighteen|one|two|three|four|five|six|seven|eight|nine|a hundred|hundred|"
    r"(?:a )?couple(?: of| o'?)?|(?:a )?few|half an?|half|three[ -]quarters of an?|"
    r"(?:a )?quarter(?: of an?)?|an?"
)
UNIT = (
    r"hours?|hrs?|h|days?|dyas?|d|weeks?|wks?|weks?|w|fortnights?|months?|mths?|mnths?|mos?|monts?|moths?|m|"
    r"quarters?(?!\s+of\s+(?:an?|the|my|its|all)\b)|qtrs?|years?|yrs?|yaers?|y|decades?|century|centuries"
)
# "nov 25" beside words of a growth over time is a month of 2025.
_SHORT_YEAR = re.compile(r"\.?\s+(2\d)\b(?!\s*(?:%|percent|days?|to\b|-)|[.,:/]\d)", re.I)
_OVER_TIME = re.compile(r"\b(?:perf|performance|returns?|vol|volatility|drawdown|dd|roi)\b", re.I)
_ON_DAY = re.compile(r"\b(?:on|since|from|until|till|to|and|between|before|after|by)\s+$", re.I)
_MOST = 9999  # days or months: a canonical period has at most four digits
_LONGEST_COUNT = 20  # characters of a count
_COUNT_WORDS = {"a": 1.0, "an": 1.0, "the": 1.0, "couple of": 2.0, "a couple of": 2.0,
                "couple": 2.0, "a couple": 2.0, "few": 3.0,
                "a few": 3.0, "half a": 0.5, "half an": 0.5, "half": 0.5}  # fmt: skip
_DAYS = {"d": 1.0, "w": 7.0, "f": 14.0, "h": 1 / 24}
_MONTHS_PER = {"m": 1.0, "q": 3.0, "y": 12.0, "dec": 120.0, "cen": 1200.0}


def canonical(count: str, unit: str) -> str | None:
    """`<n>d`, `<n>m` or `<n>y` for a count in digits or words and a unit of time."""
    if len(count) > _LONGEST_COUNT:
        return None
    count = " ".join(count.lower().split())
    count = re.sub(r"\bo'?$", "of", count)
    if count in _COUNT_WORDS:
        number = _COUNT_WORDS[count]
    elif "quarter" in count:
        number = 0.75 if "quarters" in count else 0.25
    else:
        number = float(count) if re.fullmatch(r"[\d.]+", count) else float(spelt_number(count))
    unit = unit.lower()
    per = _MONTHS_PER.get(unit[:3]) or _MONTHS_PER.get(unit[0])
    if per is None or unit.startswith("dy"):
        days = _DAYS[unit[0]] * number
        return f"{max(1, round(days))}d" if 0 < days <= _MOST else None
    months = per * number
    if not 0 < months <= _MOST:
        return None
    if months % 12 == 0 and (per >= 12 or months == 12):
        return f"{round(months / 12)}y"
    return f"{max(1, round(months))}m"


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day.

    Raises ValueError before the year 1.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, month_days(year, month + 1)))


def month_days(year: int, month: int) -> int:
    """How many days a month has."""
    return calendar.monthrange(year, month)[1]


def shifted(day: date, count: str, unit: str, sign: int = -1) -> date | None:
    """A day moved by a count of units, back unless `sign` is 1; None if there is no such day."""
    period = canonical(count, unit)
    if period is None:
        return None
    number = int(period[:-1]) * sign
    try:
        if period.endswith("d"):
            return day + timedelta(number)
        return add_months(day, number * (12 if period.endswith("y") else 1))
    except (OverflowError, ValueError):  # before the year 1
        return None


def valid_date(year: int, month: int, day: int) -> date | None:
    """A day, or None if the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def latest_past(today: date, month: int, day: int, year: str | None) -> date | None:
    """A day of a year, or without one the latest that has been."""
    if year:
        return valid_date(int(year), month, day)
    this = valid_date(today.year, month, day)
    return this if this and this <= today else valid_date(today.year - 1, month, day)


def latest_year(today: date, month: int) -> int:
    """The year of the latest such month that has begun."""
    return today.year if month <= today.month else today.year - 1


def said_year(text: str | None, today: date) -> str | None:
    """The year of "in 2024", "last year" or "this year", or None if unsaid."""
    words = (text or "").lower()
    if words.endswith(("year", "yr")):
        return str(today.year - 1 if "last" in words else today.year)
    if words.startswith("'"):
        return str(year_number(words))
    return words[-4:] if words[-4:].isdigit() else None


def short_year(text: str, start: int, end: int, today: date) -> int | None:
    """The year of "nov 25 performance", where a month at `start`..`end` stands before "25"."""
    match = _SHORT_YEAR.match(text, end)
    if not match or not _OVER_TIME.search(text) or _ON_DAY.search(text[:start]):
        return None
    year = 2000 + int(match[1])
    return year if today.year - 3 <= year <= today.year else None


def year_number(text: str) -> int:
    """2024 for "2024" and "'24"."""
    digits = text.lstrip("'")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)
