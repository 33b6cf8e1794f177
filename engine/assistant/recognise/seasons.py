"""Finds seasons and weekends as periods."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import YEAR, add_months, latest_year, month_days
from engine.assistant.recognise.mention import Mention

_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_SEASON = re.compile(
    r"\b(?:(?P<since>since)\s+)?(?:(?:all|over|during|in)\s+)?"
    r"(?:(?P<lead>the|this past|this|last|in)\s+"
    r"(?P<a>spring|summer|autumn|winter|"  # "the fall" of a price is no season
    r"(?:(?<!the )|(?<=in the ))fall(?! (?:in|of (?!20)|by|to)\b))"
    rf"(?:\s+(?:of\s+)?(?P<year_a>{YEAR}))?|"
    rf"(?P<b>spring|summer|autumn|winter|fall)\s+(?:of\s+)?(?P<year_b>{YEAR}))\b",
    re.I,
)
_WEEKEND = re.compile(
    r"\b(?:(?P<since>since)\s+)?(?:(?:at|over|on|in|during)\s+)?(?:the\s+|last\s+|this\s+|past\s+)+"
    r"week-?end\b",
    re.I,
)


def seasons(text: str, today: date) -> Iterator[Mention]:
    """The latest season of that name that has begun; "this" and "the" make no difference."""
    for match in _SEASON.finditer(text):
        first = _SEASONS[(match["a"] or match["b"]).lower()]
        said = match["year_a"] or match["year_b"]
        year = int(said) if said else latest_year(today, first)
        begin = date(year, first, 1)
        last = add_months(begin, 3) - timedelta(1)
        running = last >= today and not said
        if running and (match["lead"] or "").lower().startswith("last"):
            begin, last, running = add_months(begin, -12), add_months(last, -12), False
        # the last day of February differs between years
        last = last.replace(day=month_days(last.year, last.month))
        end = "" if match["since"] or running else last.isoformat()
        yield Mention("period", f"{begin}..{end}", match.start(), match.end())


def weekends(text: str, today: date) -> Iterator[Mention]:
    """The latest Saturday and Sunday that have begun."""
    for match in _WEEKEND.finditer(text):
        saturday = today - timedelta((today.weekday() - 5) % 7)
        if "last" in match[0].lower().split() and saturday + timedelta(1) >= today:
            saturday -= timedelta(7)
        sunday = saturday + timedelta(1)
        end = "" if match["since"] or sunday > today else sunday.isoformat()
        yield Mention("period", f"{saturday}..{end}", match.start(), match.end())
