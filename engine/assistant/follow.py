"""What a follow-up takes from the call before: gaps, and values told relative to its values.

"and two days before that", "the month before", "up the same amount", "twice the rate".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.analytics.periods import resolve
from engine.assistant.recognise import Recognised
from engine.assistant.recognise.calendar_words import COUNT, UNIT, add_months, shifted
from engine.assistant.recognise.direction import direction
from engine.assistant.tools.base import Param, Tool
from engine.core.errors import KnownError

Value = str | Decimal
ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Previous:
    """The call of the turn before, for follow-ups."""

    tool: str
    arguments: Mapping[str, Value]


_CUE = re.compile(
    r"^\s*(?:and|also|what about|how about|same|ok(?:ay)?|now|then|but|only|just|or|no,|hmm|"
    r"instead|again|make (?:it|that)|sorry|i meant|plus|wbu|nd|n)\b",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|it's|that|them|those|these|same|there|this one|the other)\b", re.I
)
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
_SAME_SIZE = re.compile(
    r"\b(?:same (?:amount|size|percent\w*|much|move|thing|distance)|as much|that much|"
    r"(?:the )?(?:same|other way|opposite|reverse|instead))\b",
    re.I,
)
_TURNED = re.compile(r"\b(?:other way(?: a?round)?|opposite|reverse[d]?|inverse)\b", re.I)
_TIMES = {"twice": "2", "double": "2", "doubled": "2", "2x": "2", "two times": "2", "triple": "3",
          "treble": "3", "three times": "3", "3x": "3", "thrice": "3", "half": "0.5",
          "halve": "0.5", "ten times": "10", "10x": "10"}  # fmt: skip
_NOUNS = {
    "rate_percent": r"(?:interest )?rates?|interest|apr|apy|yield|percent\w*",
    "amount": r"amount|money|sum|deposit|stake|capital|principal|much|it|that|stack|investment",
    "years": r"time|years|long|period|duration|term",
}
_SCALED = re.compile(
    rf"\b(?P<times>{'|'.join(sorted(_TIMES, key=len, reverse=True))})\s+"
    rf"(?:(?:of|the|that|my|this|as|its)\s+)*(?P<noun>{'|'.join(_NOUNS.values())})\b",
    re.I,
)


def is_follow_up(text: str) -> bool:
    """Whether a text leans on the turn before."""
    if _CUE.search(text) or len(text.split()) <= 3:
        return True
    return bool(_POINTS_BACK.search(text)) and len(text.split()) <= 14


def relative(
    tool: Tool, found: Recognised, previous: Previous
) -> tuple[dict[str, Value], Recognised]:
    """Arguments told relative to the call before, and the question without those words."""
    values: dict[str, Value] = {}
    for param in tool.parameters:
        before = previous.arguments.get(param.name)
        if before is None:
            continue
        change = _RULES.get(param.kind) if param.kind != "percent" else None
        if param.kind == "percent" and param.name.endswith("change_percent"):
            change = _turned
        elif param.name in _NOUNS:
            change = _scaled(param.name)
        answer = change(before, found) if change else None
        if answer:
            values[param.name], (start, end) = answer
            found = found.without(start, end)
    return values, found


Answer = tuple[Value, tuple[int, int]]


def _moved_day(before: Value, found: Recognised) -> Answer | None:
    """ "two days before that", "the day after"."""
    match = _MOVED.search(found.text)
    if not match or match["again"] or match["beside"] or match["one"] == "one":
        return None
    forward = (match["way"] or match["next"]).lower() in ("after", "later", "next", "following")
    count, unit = match["count"] or "one", match["unit"] or match["one"]
    day = shifted(date.fromisoformat(str(before)), count, unit, 1 if forward else -1)
    return (day.isoformat(), match.span()) if day else None


def _moved_period(before: Value, found: Recognised) -> Answer | None:
    """ "the month before that", "the one before": a period of that length next to the other."""
    match = _MOVED.search(found.text)
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


def _scaled(name: str) -> Callable[[Value, Recognised], Answer | None]:
    def change(before: Value, found: Recognised) -> Answer | None:
        """ "twice the rate", "double the amount", "half as long"."""
        for match in _SCALED.finditer(found.text):
            if isinstance(before, Decimal) and re.fullmatch(_NOUNS[name], match["noun"], re.I):
                times = Decimal(_TIMES[" ".join(match["times"].lower().split())])
                return before * times, match.span()
        return None

    return change


_RULES: Mapping[str, Callable[[Value, Recognised], Answer | None]] = {
    "date": _moved_day,
    "period": _moved_period,
}


def inherited(tool: Tool, param: Param, previous: Previous, found: Recognised) -> tuple[Value, ...]:
    """A gap filled from the call before: the same argument, or the coin it was about."""
    if param.kind == "asset":
        for name in (param.name, "asset", "asset_a"):
            value = previous.arguments.get(name)
            if value is not None and (value != ALL or tool.name == "what_if"):
                return (value,)
        return ()
    same = previous.arguments.get(param.name)
    if same is None or (param.name == "value" and previous.tool != tool.name):
        return ()
    if param.kind == "period" and previous.tool != tool.name and not _same_time(found.text):
        return ()
    return (same,)


def _same_time(text: str) -> bool:
    return bool(re.search(r"\b(?:same|that|then|there)\b", text, re.I)) or len(text.split()) <= 6


def partners(
    said_a: tuple[Value, ...], said_b: tuple[Value, ...], previous: Previous | None
) -> tuple[Value, ...]:
    """Second assets of a pair: the coin asked about before may complete a single one."""
    said = tuple(dict.fromkeys((*said_a, *said_b)))
    if len(said) >= 2 or previous is None:
        return said
    before = [previous.arguments.get(n) for n in ("asset", "asset_a", "asset_b")]
    others = [b for b in before if isinstance(b, str) and b not in said and b != ALL]
    return (*said, *others[:1])
