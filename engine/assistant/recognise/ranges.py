"""Finds periods with an explicit begin: "from A to B", "since A", seasons, weekends."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import (
    MONTH,
    MONTHS,
    YEAR,
    add_months,
    latest_year,
    month_days,
    year_number,
)
from engine.assistant.recognise.days import days_in
from engine.assistant.recognise.mention import Mention

YEAR_ONLY = re.compile(rf"(?<![\w.,$€£/-])({YEAR})(?![\w%]|[-/.,]\d)")
_MONTH_ONLY = re.compile(rf"\b({MONTH})\b\.?(?:\s+(?:of\s+)?({YEAR}|'\d\d))?", re.I)
_SINCE = re.compile(
    r"\b(?:since|starting(?: from| in| on)?|from|as of|beginning(?: in| of)?)\s+"
    r"(?:the\s+)?(?:(?:start|beginning)\s+of\s+)?$",
    re.I,
)
# "I started on 2 March. … from that day until now"
_SINCE_THEN = re.compile(
    r"\b(?:(?:ever\s+)?since\s+(?:then|that\s+(?:day|date|point|time|morning|month|year))|"
    r"ever since(?=\s*(?:[.,;!?]|$))|"
    r"from\s+(?:then|that\s+(?:day|date|point|time))\s+"
    r"(?:on(?:wards?)?|(?:un)?till?\s+(?:now|today)|to\s+(?:now|date|today)))\b",
    re.I,
)
_TILL_NOW = re.compile(r"\s*(?:on|onwards?|until now|till now|to (?:now|date|today))\b", re.I)
_JOIN = re.compile(r"\s*(?:to|until|till|through(?: to)?|and|-|–|\.\.)\s*(?:the\s+)?", re.I)
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

Point = tuple[date, date, int, int]
"""First and last day of something named, and where it stands in the text."""


def find_ranges(text: str, today: date) -> Iterator[Mention]:
    """ "from A to B", "between A and B", "since A" over days, months and years; seasons."""
    points: list[Point] = [(day, day, start, end) for day, start, end in days_in(text, today)]
    points += month_points(text, today)
    points += [
        (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), m.start(), m.end())
        for m in YEAR_ONLY.finditer(text)
    ]
    yield from _between(text, points)
    yield from _since(text, points)
    yield from _since_then(text, points)
    for match in re.finditer(r"\bsince (?:the )?last (year|month|week)\b", text, re.I):
        begin = {"year": date(today.year - 1, 1, 1), "week": today - timedelta(7)}.get(
            match[1].lower(), add_months(today.replace(day=1), -1)
        )
        yield Mention("period", f"{begin}..", match.start(), match.end())
    yield from _seasons(text, today)
    yield from _weekends(text, today)


def _between(text: str, points: list[Point]) -> Iterator[Mention]:
    for first in points:
        for second in points:
            if first[3] > second[2] or not _JOIN.fullmatch(text, first[3], second[2]):
                continue
            lead = re.search(r"(?:from|between)\s+(?:the\s+)?$", text[: first[2]], re.I)
            middle = text[first[3] : second[2]].split()
            if middle and middle[0].lower() == "and" and not lead:
                continue
            begin = first[0]
            if begin > second[1] or (
                begin.year != second[1].year and not re.search(r"20\d\d", text[first[2] : first[3]])
            ):  # "march to june 2024": the year belongs to both
                begin = add_months(begin, 12 * (second[1].year - begin.year))
            start = lead.start() if lead else first[2]
            yield Mention("period", f"{begin}..{second[1]}", start, second[3])


def _since(text: str, points: list[Point]) -> Iterator[Mention]:
    for begin, _, start, end in points:
        lead = _SINCE.search(text[:start]) or re.search(r"(?:--)?since=$", text[:start])
        if lead and (re.search(r"since|start|begin", lead[0], re.I) or _TILL_NOW.match(text, end)):
            yield Mention("period", f"{begin}..", lead.start(), end)


def _since_then(text: str, points: list[Point]) -> Iterator[Mention]:
    for match in _SINCE_THEN.finditer(text):
        said = [point for point in points if point[3] <= match.start()]
        if said:  # a day rather than the month around it
            begin = max(said, key=lambda point: (point[0] == point[1], point[3]))[0]
            yield Mention("period", f"{begin}..", *match.span())


def month_points(text: str, today: date) -> Iterator[Point]:
    """Months named in `text`, the latest that has begun where the year is unsaid."""
    for match in _MONTH_ONLY.finditer(text):
        if not _is_month(text, match):
            continue
        month = MONTHS[match[1].lower()]
        year = year_number(match[2]) if match[2] else latest_year(today, month)
        last = date(year, month, month_days(year, month))
        yield date(year, month, 1), last, match.start(), match.end()


def _is_month(text: str, match: re.Match[str]) -> bool:
    """Whether an ambiguous word ("may", "apr") stands for a month here."""
    word = match[1].lower()
    if match[2] or word not in ("may", "apr"):
        return True
    before = text[: match.start()].rstrip().lower()
    if re.search(r"\b(?:in|since|during|from|last|until|between)$", before):
        return True
    if re.search(
        rf"\b(?:month of|start of|beginning of|(?:{MONTH})\.? (?:and|to|till|until|through))$",
        before,
    ):
        return True
    return word == "may" and match[1] == "May" and bool(before)


def _seasons(text: str, today: date) -> Iterator[Mention]:
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


def _weekends(text: str, today: date) -> Iterator[Mention]:
    """The latest Saturday and Sunday that have begun."""
    for match in _WEEKEND.finditer(text):
        saturday = today - timedelta((today.weekday() - 5) % 7)
        if "last" in match[0].lower().split() and saturday + timedelta(1) >= today:
            saturday -= timedelta(7)
        sunday = saturday + timedelta(1)
        end = "" if match["since"] or sunday > today else sunday.isoformat()
        yield Mention("period", f"{saturday}..{end}", match.start(), match.end())
