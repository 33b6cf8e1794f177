"""Finds periods with an explicit begin: "from A to B", "since A", seasons, weekends."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import (
    MONTH,
    MONTHS,
    SAID_YEAR,
    YEAR,
    add_months,
    canonical,
    latest_year,
    month_days,
    said_year,
    short_year,
    valid_date,
)
from engine.assistant.recognise.days import days_in
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.quarters import quarters
from engine.assistant.recognise.seasons import seasons, weekends

YEAR_ONLY = re.compile(rf"(?<![\w.,$€£/-])({YEAR})(?![\w%]|[-/.,]\d)")
_MONTH_ONLY = re.compile(rf"\b({MONTH})\b\.?(?:,?\s+({SAID_YEAR}))?", re.I)
_SINCE = re.compile(
    r"\b(?:since|starting(?: from| in| on)?|from|as of|beginning(?: in| of)?)\s+"
    r"(?:the\s+)?(?:(?:start|beginning)\s+of\s+)?$",
    re.I,
)
# "since the ball dropped on New Year's"
_SINCE_EVENT = re.compile(r"\bsince\s+(?:[a-z']+\s+){2,5}(?:on|in|at)\s+(?:the\s+)?$", re.I)
_MID = re.compile(
    rf"\bmid(?:dle of)?[\s-]+({MONTH})\b(?:,?\s+({SAID_YEAR}))?"
    r"(?:,\s+the\s+(?:14|15|16)th\b,?)?",
    re.I,
)
_NTH_DAY = r"(?P<{0}>\d{{1,2}})(?:st|nd|rd|th)"
_TO = r"\s*(?:only\s+)?(?:up\s+to|to|until|till?|through(?: to)?|and|-|–)\s*(?:the\s+)?"
_DAY_TO_DAY = re.compile(
    rf"\b(?:(?:from|between)\s+)?the\s+{_NTH_DAY.format('a')}{_TO}{_NTH_DAY.format('b')}\b"
    rf"(?:\s+(?:of\s+)?(?:(?P<month>{MONTH})\b(?:,?\s+(?P<year>{SAID_YEAR}))?|"
    r"(?P<which>this|last)\s+month))?",
    re.I,
)
# "1-15 March", "between the 1st and 15th of March", "March 1-15"
_SPAN_OF_DAYS = re.compile(
    r"(?<![\w.,/-])(?:(?:from|between)\s+)?(?:the\s+)?(?P<a>\d{1,2})(?:st|nd|rd|th)?"
    rf"{_TO}(?P<b>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{MONTH})\b"
    rf"(?:,?\s+(?P<year>{SAID_YEAR}))?|"
    rf"\b(?:(?:from|between)\s+)?(?P<month2>{MONTH})\s+(?:the\s+)?(?P<a2>\d{{1,2}})"
    rf"(?:st|nd|rd|th)?{_TO}(?P<b2>\d{{1,2}})(?:st|nd|rd|th)?\b(?![%\d]|[.,/-]\d|\s+(?:{MONTH})\b)"
    rf"(?:,?\s+(?P<year2>{SAID_YEAR}))?",
    re.I,
)
_PART = re.compile(
    r"\b(?:the\s+)?(?P<nth>first|last|second|third|fourth)\s+(?:(?P<count>\d{1,2}|one|two|three|four|"
    r"five|six|seven|eight|nine|ten|fourteen|fifteen|twenty|couple of|few)\s+)?"
    r"(?P<unit>weeks?|days|fortnight|months)\s+(?:of|in)\s+"
    rf"(?:(?P<month>{MONTH})(?:,?\s+(?P<year>{SAID_YEAR}))?|(?P<which>this|last)\s+month|"
    rf"(?P<in_year>{YEAR}|(?:this|last|the)\s+year))\b",
    re.I,
)
_WEEKS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
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
Point = tuple[date, date, int, int]
"""First and last day of something named, and where it stands in the text."""


def find_ranges(text: str, today: date) -> Iterator[Mention]:
    """ "from A to B", "between A and B", "since A" over days, months and years; seasons."""
    points: list[Point] = [(day, day, start, end) for day, start, end in days_in(text, today)]
    points += month_points(text, today)
    points += [*_middles(text, today), *quarters(text, today)]
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
    yield from _day_to_day(text, today)
    yield from _parts(text, today)
    yield from seasons(text, today)
    yield from weekends(text, today)


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
                begin.year != second[1].year
                and not re.search(r"20\d\d|'\d\d|year|yr", text[first[2] : first[3]], re.I)
            ):  # "march to june 2024": the year belongs to both
                begin = add_months(begin, 12 * (second[1].year - begin.year))
                if begin > second[1]:  # "november to february"
                    begin = add_months(begin, -12)
            start = lead.start() if lead else first[2]
            yield Mention("period", f"{begin}..{second[1]}", start, second[3])


def _since(text: str, points: list[Point]) -> Iterator[Mention]:
    for begin, _, start, end in points:
        before = text[:start]
        lead = _SINCE.search(before) or re.search(r"(?:--)?since=$", before)
        lead = lead or _SINCE_EVENT.search(before)
        if lead and (re.search(r"since|start|begin", lead[0], re.I) or _TILL_NOW.match(text, end)):
            yield Mention("period", f"{begin}..", lead.start(), end)


def _since_then(text: str, points: list[Point]) -> Iterator[Mention]:
    for match in _SINCE_THEN.finditer(text):
        said = [point for point in points if point[3] <= match.start()]
        if said:  # a day rather than the month around it
            begin = max(said, key=lambda point: (point[0] == point[1], point[3]))[0]
            yield Mention("period", f"{begin}..", *match.span())


def _some_months(match: re.Match[str], first: date) -> Iterator[Mention]:
    """ "the first two months of 2025"."""
    length = canonical(match["count"] or "one", "months") or ""
    if not match["in_year"] or not match["count"] or not re.fullmatch(r"\d+m", length):
        return
    months = int(length[:-1])
    if months < 12:
        begin = first if match["nth"].lower() == "first" else add_months(first, 12 - months)
        end = add_months(begin, months) - timedelta(1)
        yield Mention("period", f"{begin}..{end}", *match.span())


def month_points(text: str, today: date) -> Iterator[Point]:
    """Months named in `text`, the latest that has begun where the year is unsaid."""
    for match in _MONTH_ONLY.finditer(text):
        if not _is_month(text, match):
            continue
        month = MONTHS[match[1].lower()]
        year = int(said_year(match[2], today) or latest_year(today, month))
        end = match.end()
        short = None if match[2] else short_year(text, match.start(), match.end(1), today)
        if short and date(short, month, 1) <= today:
            year, end = short, text.index(str(short % 100), end) + 2
        last = date(year, month, month_days(year, month))
        yield date(year, month, 1), last, match.start(), end


def _middles(text: str, today: date) -> Iterator[Point]:
    """ "mid-March", only as an end of a longer time."""
    for match in _MID.finditer(text):
        middle = _first_of(match[1], match[2], None, today).replace(day=15)
        yield middle, middle, match.start(), match.end()


def _first_of(month: str | None, year: str | None, which: str | None, today: date) -> date:
    """The first day of a named month, of this month or of the last."""
    if month is None:
        return add_months(today.replace(day=1), -((which or "").lower() == "last"))
    number, said = MONTHS[month.lower()], said_year(year, today)
    return date(int(said) if said else latest_year(today, number), number, 1)


def _day_to_day(text: str, today: date) -> Iterator[Mention]:
    """ "the 5th to the 12th of October"; without a month the latest one both days have been in."""
    for match in _SPAN_OF_DAYS.finditer(text):
        tail = "" if match["month"] else "2"
        first = _first_of(match["month" + tail], match["year" + tail], None, today)
        yield from _days_of(first, match["a" + tail], match["b" + tail], match.span())
    for match in _DAY_TO_DAY.finditer(text):
        first = _first_of(match["month"], match["year"], match["which"], today)
        if not match["month"] and not match["which"] and int(match["b"]) > today.day:
            first = add_months(first, -1)
        yield from _days_of(first, match["a"], match["b"], match.span())


def _days_of(month: date, a: str, b: str, place: tuple[int, int]) -> Iterator[Mention]:
    begin = valid_date(month.year, month.month, int(a))
    end = valid_date(month.year, month.month, int(b))
    if begin and end and begin < end:
        yield Mention("period", f"{begin}..{end}", *place)


def bare_days(text: str) -> re.Match[str] | None:
    """ "the 5th to the 12th" (groups a, b) where no month is said with it."""
    match = _DAY_TO_DAY.search(text)
    return match if match and not match["month"] and not match["which"] else None


def _parts(text: str, today: date) -> Iterator[Mention]:
    """ "the first three weeks of May", "the second week of October", "last ten days of June"."""
    for match in _PART.finditer(text):
        nth, unit = match["nth"].lower(), match["unit"].lower()
        if match["count"] and nth not in ("first", "last"):
            continue
        first = _first_of(match["month"], match["year"], match["which"], today)
        last = first.replace(day=month_days(first.year, first.month))
        if match["in_year"]:
            year = int(said_year(match["in_year"], today) or today.year)
            first, last = date(year, 1, 1), date(year, 12, 31)
        if unit == "months":
            yield from _some_months(match, first)
            continue
        length = canonical(match["count"] or "one", unit)
        days = int((length or "0d")[:-1])
        if not 0 < days <= last.day or (unit == "days" and not match["count"]):
            continue
        begin = first + timedelta(days * _WEEKS.get(nth, 0))
        if nth == "last":
            begin = last - timedelta(days - 1)
        yield Mention("period", f"{begin}..{min(begin + timedelta(days - 1), last)}", *match.span())


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
