"""Finds days counted back from today: "two weeks ago", "yesterday", "this time last year"."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import COUNT, UNIT, WEEKDAYS, shifted

_BACK = re.compile(
    rf"\b({COUNT})\s+({UNIT})\s+(?:(?:ago|back)\b|(?:before|earlier|prior)\b(?:\s+(?:that|then|it)\b)?)",
    re.I,
)
_DAY_BEFORE = re.compile(
    r"\bthe (?:day (?:before|prior)(?! yesterday)|previous day)\b(?:\s+(?:that|then|it)\b)?", re.I
)
_YESTERDAY = re.compile(
    r"\b((?:the )?day (?:before|afore|afor) yesterday|yesterday|yday|yesterdy)\b", re.I
)
_AGO_FROM = re.compile(
    rf"\b({COUNT})\s+({UNIT})\s+ago\s+(?P<from>yesterday|today|(?:last\s+)?(?:{'|'.join(WEEKDAYS)}))\b",
    re.I,
)
# "this time last year": the same day then.
_THIS_TIME = re.compile(
    r"\b(?:(?:at|about|around)\s+)?(?:this|the same|same)\s+(?:time|day|date)\s+"
    r"last\s+(?P<unit>year|yr|month|week)\b",
    re.I,
)
_GO_BACK = re.compile(
    rf"\b(?:roll|go|wind|step|turn|jump)\s+(?:it\s+|that\s+)?back\s+({COUNT})\s+({UNIT})\b", re.I
)


def days_ago(text: str, today: date) -> Iterator[tuple[date, int, int]]:
    """Days counted from today; after another day was spoken of, `follow.py` counts from that."""
    for match in _AGO_FROM.finditer(text):
        word = match["from"].lower().split()[-1]
        behind = {"yesterday": 1, "today": 0}.get(word, 7)
        if word in WEEKDAYS:
            behind = (today.weekday() - WEEKDAYS[word]) % 7 or 7
        day = shifted(today - timedelta(behind), match[1], match[2])
        if day:
            yield day, match.start(), match.end()
    for match in _THIS_TIME.finditer(text):
        same = shifted(today, "one", match["unit"])
        if same:
            yield same, match.start(), match.end()
    for match in (*_BACK.finditer(text), *_GO_BACK.finditer(text)):
        day = shifted(today, match[1], match[2])
        if day:
            yield day, match.start(), match.end()
    for match in _YESTERDAY.finditer(text):
        days = 2 if " " in match[1] else 1
        yield today - timedelta(days), match.start(), match.end()
    for match in _DAY_BEFORE.finditer(text):
        yield today - timedelta(1), match.start(), match.end()
