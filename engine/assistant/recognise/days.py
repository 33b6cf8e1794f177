"""Finds single days and writes them as ISO dates."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from engine.assistant.recognise.ago import days_ago
from engine.assistant.recognise.calendar_words import (
    COUNT,
    MONTH,
    MONTHS,
    SAID_YEAR,
    UNIT,
    WEEKDAYS,
    YEAR,
    add_months,
    latest_past,
    latest_year,
    month_days,
    said_year,
    shifted,
    short_year,
    valid_date,
)
from engine.assistant.recognise.holidays import holidays
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.quarters import quarters

_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_DMY = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](20\d\d)\b")
_DAY_MONTH = re.compile(
    rf"(?<![\d.,])(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({MONTH})\b\.?,?(?:\s+({SAID_YEAR}))?",
    re.I,
)
_MONTH_DAY = re.compile(
    rf"\b({MONTH})\.?\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d%]|[.,]\d|\s?%|\s+percent)"
    rf"(?:,?\s+({SAID_YEAR}))?",
    re.I,
)
_ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
        "twentieth".split(), 1)
} | {f"twenty {word}": 20 + number for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth".split(), 1)
} | {"thirtieth": 30, "thirty first": 31}  # fmt: skip
_ORDINAL = "|".join(sorted((w.replace(" ", "[ -]") for w in _ORDINALS), key=len, reverse=True))
_SPELT_DAY = re.compile(
    rf"\b(?:(?:the\s+)?({_ORDINAL})\s+(?:of\s+)?({MONTH})|({MONTH})\s+(?:the\s+)?({_ORDINAL}))\b"
    rf"(?:,?\s+({SAID_YEAR}))?",
    re.I,
)
_BEFORE_DAY = re.compile(rf"\b(the|{COUNT})\s+({UNIT})\s+(?:before|after)\s+(?:the\s+)?$", re.I)
_WEEKDAY = re.compile(
    rf"\b(?<!by )(?<!before )(?<!every )(?<!each )(?<!second )(?<!other )(?<!next )"
    rf"(?:last |on |this past )?({'|'.join(WEEKDAYS)})\b(?!s)",
    re.I,
)
_NTH = re.compile(
    rf"\b(?<!every )(?P<nth>first|1st|second|2nd|third|3rd|fourth|4th|last)\s+"
    rf"(?P<day>{'|'.join(WEEKDAYS)})\s+(?:of|in)\s+(?:(?P<which>this|last|the)\s+month|"
    rf"(?P<month>{MONTH})(?:,?\s+(?P<year>{SAID_YEAR}))?)\b",
    re.I,
)
_NTHS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
# "on the 10th", "the third of this month": of the running month or the one before.
_OF_MONTH = re.compile(
    rf"\b(?:the\s+(?:(?P<a>\d{{1,2}})(?:st|nd|rd|th)|(?P<b>{_ORDINAL}))\s+of\s+"
    r"(?P<which>this|the|last|the last|the previous)\s+month|"
    r"(?:on|since|from|until)\s+the\s+(?P<c>\d{1,2})(?:st|nd|rd|th)"
    r"(?=\s*(?:$|[?.!,;:)]|(?:as well|too|please|pls|then|and|i|we|my|until|till|onwards?|instead|"
    r"what|how|was|is|it|did)\b)))",
    re.I,
)
_EDGE = re.compile(
    r"\b(?:(?:the\s+)?(?:very\s+|tail[\s-]+)?(?P<edge>start|beginning|end|close|finish|"
    r"(?:first|last)\s+day)\s+of|"
    r"year[\s-](?P<year_end>end))\s+"
    rf"(?:(?:the\s+)?(?:year\s+)?(?P<year>{YEAR})|(?P<last>last|this|the)\s+(?P<unit>year|month)|"
    rf"(?P<month>{MONTH})(?:,?\s+(?P<of>{SAID_YEAR}))?)\b",
    re.I,
)
_QUARTER_EDGE = re.compile(
    r"\b(?:the\s+)?(start|beginning|end|close|(?:first|last)\s+day)\s+of\s+(?:the\s+)?$", re.I
)
# "apr 6" beside these words is a rate.
_YIELD = re.compile(
    r"\b(?:apy|compound\w*|interest|yield\w*|effective|staking|rate|paid|payouts?|convert\w*)\b|%",
    re.I,
)
_PREPOSITION = re.compile(r"\b(?:on|since|until|till|from|of|in|by|between|and|to|the)\s+$", re.I)

_FIRST_COINS = 2009  # "my English is from school 20 years ago" asks for no price of that day

Day = tuple[date, int, int]
"""A day and where it stands in the text."""


def find_dates(text: str, today: date) -> list[Mention]:
    """All single days in `text` as ISO dates, the latest past one where the year is unsaid."""
    return [
        Mention("date", day.isoformat(), start, end) for day, start, end in days_in(text, today)
    ]


def days_in(text: str, today: date) -> list[Day]:
    """All single days in `text`, with those counted from another ("two days before Christmas")."""
    named = [*_written(text, today), *_named(text, today)]
    counted = []
    for day, start, end in named:
        lead = _BEFORE_DAY.search(text[:start])
        if lead:
            sign = 1 if "after" in lead[0].lower() else -1
            moved = shifted(day, lead[1], lead[2], sign)
            if moved:
                counted.append((moved, lead.start(), end))
    return [
        (day, start, end)
        for day, start, end in (*counted, *named, *days_ago(text, today))
        if day.year >= _FIRST_COINS
    ]


def _written(text: str, today: date) -> Iterator[Day]:
    rules: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_ISO, lambda m: valid_date(int(m[1]), int(m[2]), int(m[3]))),
        (_DMY, lambda m: valid_date(int(m[3]), int(m[2]), int(m[1])) or
                         valid_date(int(m[3]), int(m[1]), int(m[2]))),
        (_DAY_MONTH, lambda m: latest_past(today, MONTHS[m[2].lower()], int(m[1]),
                                            said_year(m[3], today))),
        (_MONTH_DAY, lambda m: latest_past(today, MONTHS[m[1].lower()], int(m[2]),
                                            said_year(m[3], today))),
        (_SPELT_DAY, lambda m: latest_past(today, MONTHS[(m[2] or m[3]).lower()],
                                           _ordinal(m[1] or m[4]), said_year(m[5], today))),
    )  # fmt: skip
    for pattern, build in rules:
        for match in pattern.finditer(text):
            day = build(match)
            if day and not _is_rate(text, match) and not _is_year(text, match, pattern, today):
                yield day, match.start(), match.end()


def _is_year(text: str, match: re.Match[str], pattern: re.Pattern[str], today: date) -> bool:
    """Whether "nov 25" is a month of 2025."""
    if pattern is not _MONTH_DAY or match[3] or not match[0][-1].isdigit():
        return False
    return short_year(text, match.start(), match.end(1), today) is not None


def _ordinal(words: str) -> int:
    return _ORDINALS[re.sub(r"[\s-]+", " ", words.lower())]


def _is_rate(text: str, match: re.Match[str]) -> bool:
    """Whether "apr 6" is the annual percentage rate, not a day in April."""
    if not re.search(r"\b(?:apr|APR)\b", match[0]) or match[3]:
        return False
    return bool(_YIELD.search(text)) and not _PREPOSITION.search(text[: match.start()])


def _named(text: str, today: date) -> Iterator[Day]:
    for day, start, end, ahead in holidays(text, today):
        if not ahead or _BEFORE_DAY.search(text[:start]):
            yield day, start, end
    for match in _WEEKDAY.finditer(text):
        behind = (today.weekday() - WEEKDAYS[match[1].lower()]) % 7 or 7
        yield today - timedelta(behind), match.start(), match.end()
    for match in _NTH.finditer(text):
        if nth := _nth_weekday(match, today):
            yield nth, match.start(), match.end()
    for match in _OF_MONTH.finditer(text):
        if of_month := _of_month(match, today):
            yield of_month, match.start(), match.end()
    for match in _EDGE.finditer(text):
        edge = _edge(match, today)
        if edge <= today or match["year"]:
            yield edge, match.start(), match.end()
    for begin, last, start, end in quarters(text, today):
        lead = _QUARTER_EDGE.search(text[:start])
        if lead:
            first = lead[1].lower().startswith(("start", "beginning", "first"))
            yield begin if first else last, lead.start(), end


def _edge(match: re.Match[str], today: date) -> date:
    """ "the end of 2025", "the close of last month", "the start of March"."""
    if match["month"]:
        month, said = MONTHS[match["month"].lower()], said_year(match["of"], today)
        first = date(int(said) if said else latest_year(today, month), month, 1)
        months = 1
    elif (match["unit"] or "").lower() == "month":
        back = match["last"].lower() == "last"
        first, months = add_months(today.replace(day=1), -back), 1
    else:
        back = (match["last"] or "").lower() == "last"
        first = date(int(match["year"]) if match["year"] else today.year - back, 1, 1)
        months = 12
    if (match["edge"] or "").lower().startswith(("start", "beginning", "first")):
        return first
    last = add_months(first, months - 1)
    return last.replace(day=month_days(last.year, last.month))


def _nth_weekday(match: re.Match[str], today: date) -> date | None:
    """ "the second Friday of October", the latest such day that has been."""
    first = today.replace(day=1)
    if match["month"]:
        month = MONTHS[match["month"].lower()]
        year = said_year(match["year"], today)
        first = date(int(year) if year else latest_year(today, month), month, 1)
    elif match["which"].lower() == "last":
        first = add_months(first, -1)
    ahead = (WEEKDAYS[match["day"].lower()] - first.weekday()) % 7
    nth = _NTHS.get(match["nth"].lower())
    last = month_days(first.year, first.month)
    number = 1 + ahead + 7 * (nth - 1) if nth else 1 + ahead + 7 * ((last - 1 - ahead) // 7)
    return valid_date(first.year, first.month, number)


def _of_month(match: re.Match[str], today: date) -> date | None:
    """ "the 3rd of this month", "the first of last month", "on the 10th" that was last."""
    number = _ordinal(match["b"]) if match["b"] else int(match["a"] or match["c"])
    which = (match["which"] or "").lower()
    this = valid_date(today.year, today.month, number)
    if which == "this" or (this and this <= today and "last" not in which and "prev" not in which):
        return this
    before = add_months(today.replace(day=1), -1)
    return valid_date(before.year, before.month, number)
