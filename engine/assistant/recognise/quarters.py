"""Finds quarters of a year: "q2", "the first quarter of year 2025", "2024-Q3"."""

import re
from collections.abc import Iterator
from datetime import date

from engine.assistant.recognise.calendar_words import YEAR, month_days, year_number

_QUARTER = re.compile(
    rf"\b(?:q([1-4])|(first|second|third|fourth|1st|2nd|3rd|4th|last) quarter)"
    rf"(?:\s*(?:of\s+)?(?:(?:the\s+)?year\s+)?({YEAR}|'\d\d|(?:this|last) year))?|"
    rf"\b({YEAR})[\s-]?q([1-4])\b",
    re.I,
)
_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4,
            "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}  # fmt: skip


def quarters(text: str, today: date) -> Iterator[tuple[date, date, int, int]]:
    """First and last day and place of each quarter; the latest begun where the year is unsaid."""
    for match in _QUARTER.finditer(text):
        word = (match[2] or "").lower()
        said = (match[3] or match[4] or "").lower()
        if word == "last" and not said:
            continue
        quarter = 4 if word == "last" else int(match[1] or match[5] or _NUMBERS[word])
        if said and said[-1].isdigit():
            year = year_number(said)
        elif said:
            year = today.year - said.startswith("last")
        else:
            year = today.year if quarter * 3 - 2 <= today.month else today.year - 1
        last = quarter * 3
        end = date(year, last, month_days(year, last))
        yield date(year, last - 2, 1), end, match.start(), match.end()
