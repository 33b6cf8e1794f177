"""Values of a follow-up told relative to the call before.

"and two days before that", "double the window", "swap link for uniswap", "the whole market".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.analytics.periods import resolve
from engine.assistant.amend import amended
from engine.assistant.recognise import Recognised
from engine.assistant.recognise.calendar_words import (
    COUNT,
    UNIT,
    add_months,
    shifted,
    valid_date,
)
from engine.assistant.recognise.direction import direction
from engine.assistant.recognise.ranges import bare_days
from engine.assistant.scaled import Answer, alone, scaled
from engine.assistant.tools.base import Param, Tool
from engine.core.errors import KnownError

Value = str | Decimal


@dataclass(frozen=True, slots=True)
class Previous:
    """The call of the turn before, for follow-ups."""

    tool: str
    arguments: Mapping[str, Value]


_NUMBERS = frozenset({"amount", "percent", "years"})
_THEN = (
    r"(?:\s+(?:that|then|it|this)\b|(?=\s*(?:[?.!,;]|$|as well\b|too\b|please\b|pls\b|again\b)))"
)
_MOVED = re.compile(
    rf"\b(?:(?P<count>the|{COUNT})\s+(?P<unit>{UNIT})\s+(?P<way>before|earlier|prior|after|later)\b"
    rf"{_THEN}|the\s+(?P<next>previous|preceding|next|following)\s+(?P<one>day|one)\b|"
    r"\bthe\s+(?:one|period)\s+(?P<beside>before|after)\b|"
    rf"\b(?:and\s+)?(?P<again>before|after)\s+(?:that|then)\b)",
    re.I,
)
_YEAR_BEFORE = re.compile(
    r"\b(?:same\s+\w+|that)\s+(?:(?:a|one|the)\s+year\s+(?:before|earlier|prior|previous|back|ago)|"
    r"(?:the\s+)?(?:last|previous|prior)\s+year)\b",
    re.I,
)
_DAY_ALONE = re.compile(
    r"\bon\s+the\s+(\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:of|floor|day|anniversary))", re.I
)
_SAME_SIZE = re.compile(
    r"\b(?:same (?:amount|size|percent\w*|much|move|thing|distance)|as much|that much|"
    r"(?:the )?(?:same|other (?:way|direction)|opposite|reverse|instead))\b",
    re.I,
)
_TURNED = re.compile(
    r"\b(?:other (?:way(?: a?round)?|direction)|opposite|reverse[d]?|inverse)\b", re.I
)


def relative(
    tool: Tool, found: Recognised, previous: Previous
) -> tuple[dict[str, Value | None], Recognised]:
    """Arguments told relative to the call before, and the question without those words.

    None stands for an argument that the user takes back ("across every account").
    """
    values, found = amended(tool, found, previous.tool, previous.arguments)
    for param in tool.parameters:
        before = previous.arguments.get(param.name)
        amends = param.name in values and param.kind not in _NUMBERS
        if before is None or amends:
            continue
        answer = _answer(tool, param, before, found)
        if answer:
            values[param.name], (start, end) = answer
            found = found.without(start, end)
    return values, found


def _answer(tool: Tool, param: Param, before: Value, found: Recognised) -> Answer | None:
    """What is said of one argument, and where."""
    answer = scaled(tool.name, param.name, before, found) or alone(
        tool.name, param.name, before, found
    )
    if answer:
        return answer
    if param.kind == "date":
        return _moved_day(before, found)
    if param.kind == "period":
        return _moved_period(before, found)
    return _turned(before, found) if param.name.endswith("change_percent") else None


def _moved_day(before: Value, found: Recognised) -> Answer | None:
    """ "two days before that", "the day after", "on the 10th" of the same month."""
    said = date.fromisoformat(str(before))
    other = _DAY_ALONE.search(found.text)
    if other and (day := valid_date(said.year, said.month, int(other[1]))):
        return (day.isoformat(), other.span()) if day <= found.today else None
    match = _MOVED.search(found.text)
    if not match or match["again"] or match["beside"] or match["one"] == "one":
        return None
    forward = (match["way"] or match["next"]).lower() in ("after", "later", "next", "following")
    count, unit = match["count"] or "one", match["unit"] or match["one"]
    moved = shifted(said, count, unit, 1 if forward else -1)
    return (moved.isoformat(), match.span()) if moved else None


def _moved_period(before: Value, found: Recognised) -> Answer | None:
    """ "the month before that", "the one before": a period of that length next to the other."""
    inside = bare_days(found.text)
    if inside:
        return _inside(before, inside, found)
    match = _MOVED.search(found.text)
    year_before = _YEAR_BEFORE.search(found.text)
    if year_before and (value := _year_before(str(before), found)):
        return value, year_before.span()
    if not match:
        return None
    if match["count"] and match["count"].lower() not in ("the", "a", "one"):
        return None
    try:
        start, end, _ = resolve(str(before), found.today, found.today)
    except KnownError:
        return None
    word = (match["way"] or match["next"] or match["beside"] or match["again"]).lower()
    forward = word in ("after", "later", "next", "following")
    unit = match["unit"] or (match["one"] if match["one"] != "one" else None) or _unit_of(before)
    value = _beside(start, end, unit, forward)
    return (value, match.span()) if value else None


def _inside(before: Value, match: re.Match[str], found: Recognised) -> Answer | None:
    """ "from the 5th to the 12th" of the month spoken of."""
    try:
        start, _, _ = resolve(str(before), found.today, found.today)
    except KnownError:
        return None
    first, last = (valid_date(start.year, start.month, int(match[name])) for name in "ab")
    if first is None or last is None or not first < last <= found.today:
        return None
    return f"{first}..{last}", match.span()


def _year_before(period: str, found: Recognised) -> str | None:
    """ "the same month a year before": the period twelve months earlier."""
    if re.match(r"20\d\d(?:-Q\d|-\d\d)?$", period):
        return f"{int(period[:4]) - 1}{period[4:]}"
    try:
        start, end, _ = resolve(period, found.today, found.today)
    except KnownError:
        return None
    return f"{add_months(start, -12)}..{add_months(end, -12)}"


def _unit_of(period: Value) -> str:
    """The unit a canonical period is one of, or "" for another length."""
    text = str(period)
    forms = {r"\d{4}|ytd|1y": "year", r"\d{4}-\d\d|mtd|1m": "month", r"\d{4}-Q\d|3m": "quarter",
             r"7d|wtd": "week", r"1d": "day"}  # fmt: skip
    return next((unit for form, unit in forms.items() if re.fullmatch(form, text)), "")


def _beside(start: date, end: date, unit: str, forward: bool) -> str | None:
    """The day, week, month, quarter or year before `start` (or after `end`)."""
    kind = unit[:1].lower()
    day = end + timedelta(1) if forward else start - timedelta(1)
    whole = (start.day == 1 and not forward) or (forward and day.day == 1)
    if kind == "m" and whole:
        return f"{day:%Y-%m}"
    if kind == "q" and whole and (day.month % 3 == (1 if forward else 0)):
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if kind == "y" and whole and day.month == (1 if forward else 12):
        return str(day.year)
    months = {"m": 1, "q": 3, "y": 12}.get(kind)
    if months:
        first = add_months(day, months) if forward else add_months(day, -months)
        first += timedelta(-1 if forward else 1)
    else:
        length = {"d": 0, "w": 6}.get(kind, (end - start).days)
        first = day + timedelta(length if forward else -length)
    low, high = min(first, day), max(first, day)
    return f"{low}..{high}"


def _turned(before: Value, found: Recognised) -> Answer | None:
    """ "and up the same amount?", "the other way round"."""
    match = _SAME_SIZE.search(found.text)
    if not match or not isinstance(before, Decimal) or found.of("percent"):
        return None
    if _TURNED.search(found.text):
        return -before, match.span()
    way = direction(found.text, match.start(), match.end())
    return (abs(before) * way, match.span()) if way else None
