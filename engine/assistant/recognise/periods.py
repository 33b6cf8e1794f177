"""Finds periods and writes them in their canonical form.

`30d`, `3m`, `1y`, `wtd`, `mtd`, `ytd`, `all`, `2024`, `2024-Q1`, `2024-03`,
`2024-01-05..2024-02-10`, `2024-01-05..` (open end).
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import (
    COUNT,
    UNIT,
    YEAR,
    add_months,
    canonical,
    said_year,
)
from engine.assistant.recognise.days import find_dates
from engine.assistant.recognise.durations import is_rate
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.quarters import quarters
from engine.assistant.recognise.ranges import YEAR_ONLY, find_ranges, month_points

__all__ = ["find_dates", "find_periods"]

_NTHS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_LAST = r"(?:last|past|previous|lsat|latest|recent|preceding|trailing|prior|most recent)"
_ROLLING = re.compile(
    rf"\b(?:(?:the|these|this|in|over|for)\s+)?{_LAST}\s+({COUNT})?\s*-?({UNIT})\b", re.I
)
_BARE = re.compile(
    rf"(?<![\w.,$€£%])(\d+(?:\.5)?|(?:{COUNT})\b)\s?-?({UNIT})\b"
    r"(?!\s+(?:ago|back|before|earlier|prior|later|old)\b)"
    r"(?!\s+(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|bucks))",
    re.I,
)
_OVER = re.compile(
    r"\b(?:over|in|during|for|within|across|of|since|throughout|from)\s+the\s+$", re.I
)
_HALF = re.compile(
    rf"\b(?:h([12])|(first|second) half)(?:\s+of)?\s+({YEAR}|this year|last year|the year)\b", re.I
)
_APOSTROPHE_YEAR = re.compile(r"(?<!\w)'(2\d)\b")
_YEAR_MONTH = re.compile(rf"(?<!\d)({YEAR})-(0[1-9]|1[0-2])(?![-\d])")
_MONTH_YEAR = re.compile(rf"(?<![\d/.-])(0?[1-9]|1[0-2])/({YEAR})(?![\d/])")
_FIXED = {
    r"\bytd\b|\byear[\s-]to[\s-]date\b|\b(?:the|my) year so far\b|\bthis (?:calendar )?year\b|"
    r"\bso far this year\b|"
    r"\bsince (?:the )?(?:start|beginning) of (?:the|this) year\b|\bsince new year'?s?\b|"
    r"\bcurrent year\b|\bthis yaer\b": "ytd",
    r"\bmtd\b|\bmonth[\s-]to[\s-]date\b|\b(?:the|my) month so far\b|\bmonthly [a-z]+ so far\b|"
    r"\b(?:this|the current) (?:calendar )?month\b|"
    r"\bso far this month\b|\bthis moth\b": "mtd",
    r"\bwtd\b|\bweek[\s-]to[\s-]date\b|\b(?:this|the current) week\b": "wtd",
    r"\ball[\s-]?time\b(?! (?:high|low))|\bever\b(?! since)|"
    r"\bsince (?:i (?:started|began)|inception|"
    r"the (?:very )?"
    r"(?:start|beginning)|day (?:one|1|dot)|forever)\b|"
    r"\bfrom (?:the (?:very )?(?:start|beginning)(?! of)|day one)\b|"
    r"\bin total since\b|\bentire history\b|\bwhole history\b|\bfull history\b|\blifetime\b|"
    r"\binception[\s-]to[\s-]date\b|\bitd\b|"
    r"\bmy whole (?:crypto )?(?:journey|history)\b|\bsince i (?:first )?bought\b": "all",
    r"\btoday\b|\bsince this morning\b|"
    r"\b24\s?h(?:ours|rs)?\b|\btodays\b|\btday\b|\bovernight\b|"
    r"\bday (?:on|over) day\b|\bon the day\b": "1d",
    r"\b(?:the last|the past|past|last|this past) fortnight\b|\bfortnight\b": "14d",
    r"\byear (?:on|over) year\b|\byoy\b": "1y",
}
_THE_YEAR = re.compile(  # Scots: "how did it do the year?"
    r"(?<!of )(?<!over )(?<!in )(?<!for )(?<!on )(?<!during )(?<!through )(?<!throughout )(?<!by )"
    r"(?<!across )(?<!end )(?<!within )(?<!since )(?<!and )(?<!what's )(?<!is )"
    r"\bthe (?P<unit>year|month|week)(?=\W*$)",
    re.I,
)
_OF_THE = re.compile(
    r"\b(?:stars?|winners?|losers?|kings?|heroe?s?|champions?|champs?|coins?|dogs?|flops?|duds?|mvps?|"
    r"performers?|movers?|best|worst)\s+(?P<said>of the (?P<unit>week|month|year))\b",
    re.I,
)
_AND_A_HALF = re.compile(
    rf"\b(?:(?:the|these|this|in|over|for)\s+)?(?:{_LAST}\s+)?"
    rf"(?:(?P<a>{COUNT})?\s*years?\s+and\s+a\s+half|"
    rf"(?P<b>{COUNT})\s+and\s+a\s+half\s+years?)\b"
    r"(?!\s+(?:ago|back|before|earlier|prior|later|old)\b)",
    re.I,
)
_NTH_MONTH = re.compile(
    rf"\b(?:the\s+)?(?P<nth>{'|'.join(_NTHS)})\s+month\s+of\s+(?:the\s+year\s+)?"
    rf"(?P<year>{YEAR}|(?:this|last)\s+year)\b",
    re.I,
)
_BEFORE = re.compile(
    r"\b(?:the )?(week|month|quarter|year) before last\b|"
    r"\bthe (week|month|quarter|year) (?:before|prior)\b(?: (?:that|then|it|this)\b)?",
    re.I,
)


_JUST_GONE = re.compile(
    r"\b(?:the|this)\s+(week|month|quarter|year)\s+(?:that(?:'s| has| is)?\s+)?just\s+"
    r"(?:gone(?: by)?|past|passed|ended|finished|been|over)\b|"
    r"\b(?:the|this)\s+just[- ](?:gone|ended|finished)\s+(week|month|quarter|year)\b",
    re.I,
)


def find_periods(text: str, today: date) -> list[Mention]:
    """All periods in `text`; relative ones are kept relative where the canonical form allows."""
    found = [*_fixed(text), *find_ranges(text, today), *_halves(text, today)]
    found += [*_rolling(text, today), *_before(text, today), *_just_gone(text, today)]
    found += [*_calendar(text, today), *_bare(text), *_and_a_half(text)]
    said = [m for m in found if text[m.start : m.end].lower() != "ever"]
    return said or found


def _fixed(text: str) -> Iterator[Mention]:
    for pattern, value in _FIXED.items():
        for match in re.finditer(pattern, text, re.I):
            yield Mention("period", value, match.start(), match.end())

    for running, said in ((_THE_YEAR, 0), (_OF_THE, "said")):
        for match in running.finditer(text):
            value = f"{match['unit'][0].lower()}td"
            yield Mention("period", value, *match.span(said))


def _and_a_half(text: str) -> Iterator[Mention]:
    """ "the past year and a half", "two and a half years"."""
    for match in _AND_A_HALF.finditer(text):
        if match["a"] is None and not re.search(_LAST, match[0], re.I):
            continue
        whole = canonical(match["a"] or match["b"] or "one", "year")
        if whole and whole.endswith("y"):
            yield Mention("period", f"{int(whole[:-1]) * 12 + 6}m", *match.span())


def _halves(text: str, today: date) -> Iterator[Mention]:
    for match in _HALF.finditer(text):
        said = match[3].lower()
        year = int(said) if said.isdigit() else today.year - said.startswith("last")
        first = match[1] == "1" or (match[2] or "").lower() == "first"
        value = f"{year}-01-01..{year}-06-30" if first else f"{year}-07-01..{year}-12-31"
        yield Mention("period", value, match.start(), match.end())


def _rolling(text: str, today: date) -> Iterator[Mention]:
    """ "the last 30 days", "past week", "last year" (calendar) against "over the last year"."""
    for match in _ROLLING.finditer(text):
        count, unit = match[1], match[2].lower()
        if re.search(r"\b(?:time|day|date)\s+$", text[: match.start()], re.I):
            continue  # "this time last year" is a day
        whole_month = re.fullmatch(r"months?|mths?|monts?|moths?", unit)
        whole_year = re.fullmatch(r"years?|yrs?|yaers?", unit)
        said_last = re.search(r"\b(?:last|lsat|previous|prior)\b", match[0], re.I)
        over = re.match(r"(?:the|these)\s", match[0], re.I) or _OVER.search(text[: match.start()])
        value: str | None
        if count is None and said_last and not over and whole_year:
            value = str(today.year - 1)
        elif count is None and said_last and not over and whole_month:
            value = f"{add_months(today.replace(day=1), -1):%Y-%m}"
        elif count is None and said_last and not over and unit.startswith("q"):
            value = _quarter_before(today)
        else:
            value = canonical(count or "one", unit)
        if value:
            yield Mention("period", value, match.start(), match.end())


def _just_gone(text: str, today: date) -> Iterator[Mention]:
    """ "the month just gone": the calendar month before this one."""
    for match in _JUST_GONE.finditer(text):
        unit = (match[1] or match[2]).lower()
        value = {
            "week": "7d",
            "month": f"{add_months(today.replace(day=1), -1):%Y-%m}",
            "quarter": _quarter_before(today),
            "year": str(today.year - 1),
        }[unit]
        yield Mention("period", value, match.start(), match.end())


def _before(text: str, today: date) -> Iterator[Mention]:
    """ "the month before last"; "the month before" another one is counted in `follow.py`."""
    for match in _BEFORE.finditer(text):
        back = 1 if match[2] else 2
        unit = (match[1] or match[2]).lower()
        if unit == "week":
            end = today - timedelta(7 * (back - 1))
            value = "7d" if back == 1 else f"{end - timedelta(6)}..{end}"
        elif unit == "month":
            value = f"{add_months(today.replace(day=1), -back):%Y-%m}"
        elif unit == "quarter":
            value = _quarter_before(add_months(today, -3 * (back - 1)))
        else:
            value = str(today.year - back)
        yield Mention("period", value, match.start(), match.end())


def _bare(text: str) -> Iterator[Mention]:
    """ "30d", "6 months", "two years"; a bare "a day" or "5m" is not a period."""
    for match in _BARE.finditer(text):
        count, unit = match[1].lower(), match[2].lower()
        if re.search(r"\bback\s+$", text[: match.start()], re.I):
            continue
        if count in ("a", "an") and (
            unit in ("d", "w", "m", "y", "h", "day", "days", "hour") or is_rate(text, match.start())
        ):
            continue
        if unit in ("m", "h") and " " in match[0]:
            continue
        value = canonical(count, unit)
        if value:
            yield Mention("period", value, match.start(), match.end())


def _calendar(text: str, today: date) -> Iterator[Mention]:
    for match in re.finditer(
        r"\b(?:this|the current) (?:quarter|qtr)\b|\bqtd\b|\bquarter to date\b", text, re.I
    ):
        value = f"{today.year}-Q{(today.month + 2) // 3}"
        yield Mention("period", value, match.start(), match.end())
    for begin, _, start, end in quarters(text, today):
        yield Mention("period", f"{begin.year}-Q{(begin.month + 2) // 3}", start, end)
    for match in _NTH_MONTH.finditer(text):
        nth = _NTHS.index(match["nth"].lower()) + 1
        yield Mention("period", f"{said_year(match['year'], today)}-{nth:02d}", *match.span())
    for match in _MONTH_YEAR.finditer(text):
        yield Mention("period", f"{match[2]}-{int(match[1]):02d}", match.start(), match.end())
    for match in _YEAR_MONTH.finditer(text):
        yield Mention("period", f"{match[1]}-{match[2]}", match.start(), match.end())
    for begin, _, start, end in month_points(text, today):
        last = re.search(r"\b(?:last|this past)\s+$", text[:start], re.I)
        yield Mention("period", f"{begin:%Y-%m}", last.start() if last else start, end)
    for match in YEAR_ONLY.finditer(text):
        yield Mention("period", match[1], match.start(), match.end())
    for match in _APOSTROPHE_YEAR.finditer(text):
        yield Mention("period", f"20{match[1]}", match.start(), match.end())


def _quarter_before(today: date) -> str:
    quarter = (today.month - 1) // 3
    return f"{today.year}-Q{quarter}" if quarter else f"{today.year - 1}-Q4"
