"""Finds single days and writes them as ISO dates."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import (
    COUNT,
    MONTH,
    MONTHS,
    UNIT,
    WEEKDAYS,
    YEAR,
    latest_past,
    shifted,
    valid_date,
)
from engine.assistant.recognise.mention import Mention

_HOLIDAYS = {
    r"new year'?s eve": (12, 31),
    r"new year'?s day|new years?(?! eve)": (1, 1),
    r"christmas eve": (12, 24),
    r"boxing day": (12, 26),
    r"christmas(?: day)?(?! eve)|xmas": (12, 25),
    r"valentine'?s(?: day)?": (2, 14),
    r"halloween": (10, 31),
}
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_DMY = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](20\d\d)\b")
_DAY_MONTH = re.compile(
    rf"(?<![\d.,])(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({MONTH})\b\.?,?(?:\s+({YEAR}))?",
    re.I,
)
_MONTH_DAY = re.compile(
    rf"\b({MONTH})\.?\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d%]|[.,]\d|\s?%|\s+percent)"
    rf"(?:,?\s+({YEAR}))?",
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
    rf"(?:,?\s+({YEAR}))?",
    re.I,
)
_BACK = re.compile(
    rf"\b({COUNT})\s+({UNIT})\s+(?:(?:ago|back)\b|(?:before|earlier|prior)\b(?:\s+(?:that|then|it)\b)?)",
    re.I,
)
_BEFORE_DAY = re.compile(rf"\b(the|{COUNT})\s+({UNIT})\s+(?:before|after)\s+(?:the\s+)?$", re.I)
_DAY_BEFORE = re.compile(
    r"\bthe (?:day (?:before|prior)(?! yesterday)|previous day)\b(?:\s+(?:that|then|it)\b)?", re.I
)
_YESTERDAY = re.compile(r"\b(the day before yesterday|yesterday|yday|yesterdy)\b", re.I)
_WEEKDAY = re.compile(
    rf"\b(?<!by )(?<!before )(?<!every )(?<!each )(?:last |on |this past )?({'|'.join(WEEKDAYS)})"
    r"\b(?!s)",
    re.I,
)
# "7k before Christmas" looks ahead.
_AHEAD = re.compile(r"\b(?:before|by|next|until|till|coming)\s+(?:this\s+)?$", re.I)
_EDGE = re.compile(rf"\b(start|beginning|end) of (?:the year )?({YEAR})\b", re.I)
# "apr 6" beside these words is a rate.
_YIELD = re.compile(
    r"\b(?:apy|compound\w*|interest|yield\w*|effective|staking|rate|paid|payouts?|convert\w*)\b|%",
    re.I,
)
_PREPOSITION = re.compile(r"\b(?:on|since|until|till|from|of|in|by|between|and|to|the)\s+$", re.I)

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
    return [*counted, *named, *_relative(text, today)]


def _written(text: str, today: date) -> Iterator[Day]:
    rules: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_ISO, lambda m: valid_date(int(m[1]), int(m[2]), int(m[3]))),
        (_DMY, lambda m: valid_date(int(m[3]), int(m[2]), int(m[1])) or
                         valid_date(int(m[3]), int(m[1]), int(m[2]))),
        (_DAY_MONTH, lambda m: latest_past(today, MONTHS[m[2].lower()], int(m[1]), m[3])),
        (_MONTH_DAY, lambda m: latest_past(today, MONTHS[m[1].lower()], int(m[2]), m[3])),
        (_SPELT_DAY, lambda m: latest_past(today, MONTHS[(m[2] or m[3]).lower()],
                                           _ordinal(m[1] or m[4]), m[5])),
    )  # fmt: skip
    for pattern, build in rules:
        for match in pattern.finditer(text):
            day = build(match)
            if day and not _is_rate(text, match):
                yield day, match.start(), match.end()


def _ordinal(words: str) -> int:
    return _ORDINALS[re.sub(r"[\s-]+", " ", words.lower())]


def _is_rate(text: str, match: re.Match[str]) -> bool:
    """Whether "apr 6" is the annual percentage rate, not a day in April."""
    if not re.search(r"\b(?:apr|APR)\b", match[0]) or match[3]:
        return False
    return bool(_YIELD.search(text)) and not _PREPOSITION.search(text[: match.start()])


def _named(text: str, today: date) -> Iterator[Day]:
    for words, (month, number) in _HOLIDAYS.items():
        for match in re.finditer(rf"\b(?:{words})\b(?:\s+(?:in\s+)?({YEAR}))?", text, re.I):
            day = latest_past(today, month, number, match[1])
            before = text[: match.start()]
            ahead = _AHEAD.search(before) and not (match[1] or _BEFORE_DAY.search(before))
            if day and not ahead:
                yield day, match.start(), match.end()
    for match in _WEEKDAY.finditer(text):
        behind = (today.weekday() - WEEKDAYS[match[1].lower()]) % 7 or 7
        yield today - timedelta(behind), match.start(), match.end()
    for match in _EDGE.finditer(text):
        year = int(match[2])
        last = match[1].lower() == "end"
        yield date(year, 12, 31) if last else date(year, 1, 1), match.start(), match.end()


def _relative(text: str, today: date) -> Iterator[Day]:
    """Days counted from today; after another day was spoken of, `follow.py` counts from that."""
    for match in _BACK.finditer(text):
        day = shifted(today, match[1], match[2])
        if day:
            yield day, match.start(), match.end()
    for match in _YESTERDAY.finditer(text):
        days = 2 if match[1].lower().startswith("the") else 1
        yield today - timedelta(days), match.start(), match.end()
    for match in _DAY_BEFORE.finditer(text):
        yield today - timedelta(1), match.start(), match.end()
