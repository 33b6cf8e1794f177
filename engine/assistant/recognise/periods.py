"""Finds periods and days and writes them in their canonical form.

Periods: `30d`, `3m`, `1y`, `wtd`, `mtd`, `ytd`, `all`, `2024`, `2024-Q1`, `2024-03`,
`2024-01-05..2024-02-10`, `2024-01-05..` (open end). Days: ISO dates.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.numbers import spelt_number

_MONTHS = {
    name: number
    for number in range(1, 13)
    for name in (calendar.month_name[number].lower(), calendar.month_abbr[number].lower())
} | {"sept": 9, "febuary": 2, "feburary": 2, "janurary": 1, "agust": 8, "septmber": 9,
     "ocotber": 10, "novmber": 11, "decemeber": 12, "arpil": 4}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:20[0-3]\d)"
_SHORT_YEAR = r"'?(?:1\d|2\d|3\d)"
_COUNT = (
    r"\d+(?:\.5)?|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen|"
    r"(?:twenty|thirty|forty|sixty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|"
    r"nine))?|"
    r"ten|eleven|twelve|fifteen|eighteen|couple of|few|half a|half"
)
_UNIT = (
    r"hours?|hrs?|h|days?|dyas?|d|weeks?|wks?|weks?|w|fortnights?|months?|mths?|mos?|monts?|moths?|m|"
    r"quarters?|qtrs?|years?|yrs?|yaers?|y"
)
_LAST = r"(?:last|past|previous|lsat|latest|recent|preceding|trailing|prior|most recent)"
_DAY_WORDS = r"(?:today|yesterday|the day before yesterday)"
_HOLIDAYS = {
    r"new year'?s eve": (12, 31),
    r"new year'?s day|new years?(?! eve)": (1, 1),
    r"christmas(?: day)?|xmas": (12, 25),
    r"valentine'?s(?: day)?": (2, 14),
    r"halloween": (10, 31),
}
_WEEKDAYS = {name.lower(): index for index, name in enumerate(calendar.day_name)}

_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_DMY = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](20\d\d)\b")
_DAY_MONTH = re.compile(
    rf"(?<![\d.,])(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b\.?,?(?:\s+({_YEAR}))?",
    re.I,
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\.?\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,?\s+({_YEAR}))?", re.I
)
_ORDINALS = {
    word: number
    for number, word in enumerate(
        (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
        "twentieth"
    ).split(),
        1,
    )
} | {f"twenty {w}": 20 + n for n, w in enumerate((
        "first second third fourth fifth sixth seventh eighth ninth"
    ).split(), 1)} | {"thirtieth": 30, "thirty first": 31}  # fmt: skip
_ORDINAL = "|".join(sorted((w.replace(" ", "[ -]") for w in _ORDINALS), key=len, reverse=True))
_SPELT_DAY = re.compile(
    rf"\b(?:(?:the\s+)?({_ORDINAL})\s+(?:of\s+)?({_MONTH})|({_MONTH})\s+(?:the\s+)?({_ORDINAL}))\b"
    rf"(?:,?\s+({_YEAR}))?",
    re.I,
)
_AGO = re.compile(rf"\b({_COUNT})\s+({_UNIT})\s+(?:ago|back|before)\b", re.I)
_WEEKDAY = re.compile(
    rf"\b(?<!by )(?<!before )(?:last |on |this past )?({'|'.join(_WEEKDAYS)})\b(?!s)", re.I
)
_ROLLING = re.compile(
    rf"\b(?:(?:the|these|in|over|for)\s+)?{_LAST}\s+({_COUNT})?\s*-?({_UNIT})\b", re.I
)
_BARE = re.compile(
    rf"(?<![\w.,$€£%])(\d+(?:\.5)?|(?:{_COUNT})\b)\s?-?({_UNIT})\b(?!\s+(?:ago|back|before)\b)"
    r"(?!\s+(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|bucks))",
    re.I,
)
_MOST = 9999  # days or months: a canonical period has at most four digits
_LONGEST_COUNT = 12  # characters of a count
_OVER = re.compile(
    r"\b(?:over|in|during|for|within|across|of|since|throughout|from)\s+(?:the\s+)?$", re.I
)
_SINCE = re.compile(
    r"\b(?:since|starting(?: from| in| on)?|from|as of|beginning(?: in| of)?)\s+"
    r"(?:the\s+)?(?:(?:start|beginning)\s+of\s+)?$",
    re.I,
)
_MONTH_ONLY = re.compile(rf"\b({_MONTH})\b\.?(?:\s+(?:of\s+)?({_YEAR}|'\d\d))?", re.I)
_QUARTER = re.compile(
    rf"\b(?:q([1-4])|(first|second|third|fourth|1st|2nd|3rd|4th|last) quarter)"
    rf"(?:\s*(?:of\s+)?({_YEAR}|'\d\d))?|\b({_YEAR})[\s-]?q([1-4])\b",
    re.I,
)
_HALF = re.compile(rf"\b(?:h([12])|(first|second) half)(?:\s+of)?\s+({_YEAR})\b", re.I)
_YEAR_ONLY = re.compile(rf"(?<![\w.,$€£/-])({_YEAR})(?![\w%]|[-/.,]\d)")
_APOSTROPHE_YEAR = re.compile(r"(?<!\w)'(2\d)\b")
_YEAR_MONTH = re.compile(rf"(?<!\d)({_YEAR})-(0[1-9]|1[0-2])(?![-\d])")
_FIXED = {
    r"\bytd\b|\byear[\s-]to[\s-]date\b|\b(?:the|my) year so far\b|\bthis (?:calendar )?year\b|"
    r"\bso far this year\b|"
    r"\bsince (?:the )?(?:start|beginning) of (?:the|this) year\b|\bsince new year'?s?\b|"
    r"\bcurrent year\b|\bthis yaer\b": "ytd",
    r"\bmtd\b|\bmonth[\s-]to[\s-]date\b|\b(?:the|my) month so far\b|\bmonthly [a-z]+ so far\b|"
    r"\b(?:this|the current) (?:calendar )?month\b|"
    r"\bso far this month\b|\bthis moth\b": "mtd",
    r"\bwtd\b|\bweek[\s-]to[\s-]date\b|\b(?:this|the current) week\b": "wtd",
    r"\ball[\s-]?time\b(?! (?:high|low))|\bever\b|\bsince (?:i (?:started|began)|inception|"
    r"the (?:very )?"
    r"(?:start|beginning)|day one|day 1|forever)\b|\bfrom (?:the (?:very )?(?:start|beginning)|"
    r"day one)\b|"
    r"\bin total since\b|\bentire history\b|\bwhole history\b|\bfull history\b|\blifetime\b|"
    r"\binception[\s-]to[\s-]date\b|"
    r"\bmy whole (?:crypto )?(?:journey|history)\b|\bsince i (?:first )?bought\b": "all",
    r"\btoday\b|\b24\s?h(?:ours|rs)?\b|\btodays\b|\btday\b|\bovernight\b": "1d",
    r"\b(?:the last|the past|past|last) fortnight\b|\bfortnight\b": "14d",
}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4,
             "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}  # fmt: skip


def find_periods(text: str, today: date) -> list[Mention]:
    """All periods in `text`; relative ones are kept relative where the canonical form allows."""
    found = [*_ranges(text, today), *_halves(text), *_fixed(text), *_rolling(text, today)]
    found += [*_calendar(text, today), *_bare(text)]
    return found


def find_dates(text: str, today: date) -> list[Mention]:
    """All single days in `text` as ISO dates, the latest past one where the year is unsaid."""
    return [Mention("date", day.isoformat(), start, end) for day, start, end in _days(text, today)]


def _days(text: str, today: date) -> Iterator[tuple[date, int, int]]:
    rules: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_ISO, lambda m: _date(int(m[1]), int(m[2]), int(m[3]))),
        (_DMY, lambda m: _date(int(m[3]), int(m[2]), int(m[1])) or
                         _date(int(m[3]), int(m[1]), int(m[2]))),
        (_DAY_MONTH, lambda m: _past(today, _MONTHS[m[2].lower()], int(m[1]), m[3])),
        (_MONTH_DAY, lambda m: _past(today, _MONTHS[m[1].lower()], int(m[2]), m[3])),
        (_AGO, lambda m: _back(today, m[1], m[2])),
    )  # fmt: skip
    for pattern, build in rules:
        for match in pattern.finditer(text):
            day = build(match)
            if day:
                yield day, match.start(), match.end()
    for words, (month, number) in _HOLIDAYS.items():
        for match in re.finditer(rf"\b(?:{words})\b(?:\s+(?:in\s+)?({_YEAR}))?", text, re.I):
            day = _past(today, month, number, match[1])
            if day:
                yield day, match.start(), match.end()
    for match in re.finditer(r"\b(the day before yesterday|yesterday|yday|yesterdy)\b", text, re.I):
        days = 2 if match[1].lower().startswith("the") else 1
        yield today - timedelta(days), match.start(), match.end()
    for match in _WEEKDAY.finditer(text):
        behind = (today.weekday() - _WEEKDAYS[match[1].lower()]) % 7 or 7
        yield today - timedelta(behind), match.start(), match.end()
    for match in _SPELT_DAY.finditer(text):
        ordinal, name = (match[1], match[2]) if match[1] else (match[4], match[3])
        day = _past(
            today, _MONTHS[name.lower()], _ORDINALS[ordinal.lower().replace("-", " ")], match[5]
        )
        if day:
            yield day, match.start(), match.end()
    for match in re.finditer(rf"\b(start|beginning|end) of (?:the year )?({_YEAR})\b", text, re.I):
        year = int(match[2])
        yield (
            (date(year, 12, 31) if match[1].lower() == "end" else date(year, 1, 1)),
            match.start(),
            match.end(),
        )


def _ranges(text: str, today: date) -> Iterator[Mention]:
    """ "from A to B", "between A and B", "since A" over days and months."""
    points = [(day, day, start, end) for day, start, end in _days(text, today)]
    points += list(_month_points(text, today))
    points += [
        (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), m.start(), m.end())
        for m in _YEAR_ONLY.finditer(text)
    ]
    for first in points:
        for second in points:
            middle = text[first[3] : second[2]] if first[3] <= second[2] else ""
            if re.fullmatch(
                r"\s*(?:to|until|till|through(?: to)?|and|-|–|\.\.)\s*(?:the\s+)?", middle, re.I
            ):
                lead = re.search(r"(?:from|between)\s+(?:the\s+)?$", text[: first[2]], re.I)
                if middle.strip().lower() == "and" and not lead:
                    continue
                start = lead.start() if lead else first[2]
                # "march to june 2024": the year belongs to both.
                begin = first[0]
                if first[0] > second[1] or (
                    first[0].year != second[1].year
                    and not re.search(r"20\d\d", text[first[2] : first[3]])
                ):
                    begin = first[0].replace(year=second[1].year)
                yield Mention("period", f"{begin}..{second[1]}", start, second[3])
    for begin, _, start, end in points:
        lead = _SINCE.search(text[:start]) or re.search(r"(?:--)?since=$", text[:start])
        if lead and (
            text[lead.start() :].lower().startswith(("since", "--since", "start", "begin"))
            or re.match(
                r"\s*(?:on|onwards?|until now|till now|to (?:now|date|today))\b", text[end:], re.I
            )
        ):
            yield Mention("period", f"{begin}..", lead.start(), end)
    for match in re.finditer(r"\bthis (?:quarter|qtr)\b|\bqtd\b|\bquarter to date\b", text, re.I):
        yield Mention(
            "period", f"{today.year}-Q{(today.month + 2) // 3}", match.start(), match.end()
        )
    for match in re.finditer(r"\bsince (?:the )?last (year|month|week)\b", text, re.I):
        begin = {"year": date(today.year - 1, 1, 1), "week": today - timedelta(7)}.get(
            match[1].lower(), _add_months(today.replace(day=1), -1)
        )
        yield Mention("period", f"{begin}..", match.start(), match.end())


def _month_points(text: str, today: date) -> Iterator[tuple[date, date, int, int]]:
    for match in _MONTH_ONLY.finditer(text):
        if not _is_month(text, match):
            continue
        month = _MONTHS[match[1].lower()]
        year = _year(match[2]) if match[2] else _latest_year(today, month)
        yield (
            date(year, month, 1),
            date(year, month, calendar.monthrange(year, month)[1]),
            match.start(),
            match.end(),
        )


def _is_month(text: str, match: re.Match[str]) -> bool:
    """Whether an ambiguous word ("may", "march", "mar") stands for a month here."""
    word = match[1].lower()
    if match[2] or word not in ("may", "apr"):
        return True
    before = text[: match.start()].rstrip().lower()
    if re.search(r"\b(?:in|since|during|from|last|until|between)$", before):
        return True
    return word == "may" and match[1] == "May" and bool(before)


def _fixed(text: str) -> Iterator[Mention]:
    for pattern, value in _FIXED.items():
        for match in re.finditer(pattern, text, re.I):
            yield Mention("period", value, match.start(), match.end())


def _halves(text: str) -> Iterator[Mention]:
    for match in _HALF.finditer(text):
        year = match[3]
        first = match[1] == "1" or (match[2] or "").lower() == "first"
        value = f"{year}-01-01..{year}-06-30" if first else f"{year}-07-01..{year}-12-31"
        yield Mention("period", value, match.start(), match.end())


def _rolling(text: str, today: date) -> Iterator[Mention]:
    """ "the last 30 days", "past week", "last year" (calendar) against "over the last year"."""
    for match in _ROLLING.finditer(text):
        count, unit = match[1], match[2].lower()
        whole_month = re.fullmatch(r"months?|mths?|monts?|moths?", unit)
        whole_year = re.fullmatch(r"years?|yrs?|yaers?", unit)
        said_last = re.search(r"\b(?:last|lsat|previous|prior)\b", match[0], re.I)
        over = re.match(r"(?:the|these|in|over|for)\s", match[0], re.I) or _OVER.search(
            text[: match.start()]
        )
        value: str | None
        if count is None and said_last and not over and whole_year:
            value = str(today.year - 1)
        elif count is None and said_last and not over and whole_month:
            value = f"{_add_months(today.replace(day=1), -1):%Y-%m}"
        elif count is None and said_last and not over and unit.startswith("q"):
            value = _previous_quarter(today)
        else:
            value = canonical(count or "one", unit)
        if value:
            yield Mention("period", value, match.start(), match.end())


def _bare(text: str) -> Iterator[Mention]:
    """ "30d", "6 months", "two years"; a bare "a day" or "5m" is not a period."""
    for match in _BARE.finditer(text):
        count, unit = match[1].lower(), match[2].lower()
        if count in ("a", "an") and unit in ("d", "w", "m", "y", "h", "day", "days", "hour"):
            continue
        if unit in ("m", "h") and " " in match[0]:
            continue
        value = canonical(count, unit)
        if value:
            yield Mention("period", value, match.start(), match.end())


def _calendar(text: str, today: date) -> Iterator[Mention]:
    for match in _QUARTER.finditer(text):
        word = (match[2] or "").lower()
        quarter = match[1] or match[5] or _QUARTERS.get(word)
        said = match[3] or match[4]
        if word == "last":
            if not said:
                continue
            quarter = 4
        if quarter is None:
            continue
        if said:
            year = _year(said)
        else:
            year = today.year if int(quarter) * 3 - 2 <= today.month else today.year - 1
        yield Mention("period", f"{year}-Q{quarter}", match.start(), match.end())
    for match in _YEAR_MONTH.finditer(text):
        yield Mention("period", f"{match[1]}-{match[2]}", match.start(), match.end())
    for begin, _, start, end in _month_points(text, today):
        last = re.search(r"\b(?:last|this past)\s+$", text[:start], re.I)
        yield Mention("period", f"{begin:%Y-%m}", last.start() if last else start, end)
    for match in _YEAR_ONLY.finditer(text):
        yield Mention("period", match[1], match.start(), match.end())
    for match in _APOSTROPHE_YEAR.finditer(text):
        yield Mention("period", f"20{match[1]}", match.start(), match.end())


def canonical(count: str, unit: str) -> str | None:
    """`<n>d`, `<n>m` or `<n>y` for a count in digits or words and a unit of time."""
    if len(count) > _LONGEST_COUNT:
        return None
    words = {"a": "1", "an": "1", "couple of": "2", "few": "3", "half a": "0.5", "half": "0.5"}
    text = words.get(count.lower(), count)
    number = float(text) if re.fullmatch(r"[\d.]+", text) else float(spelt_number(text))
    kind = unit[0].lower()
    if kind == "f":
        days: float | None = 14 * number
    elif kind == "h":
        days = number / 24
    else:
        days = {"d": number, "w": 7 * number}.get(kind)
    if days is not None:
        return f"{max(1, round(days))}d" if 0 < days <= _MOST else None
    months = {"m": number, "q": 3 * number, "y": 12 * number}[kind]
    if not 0 < months <= _MOST:
        return None
    if kind == "y" and number == int(number):
        return f"{int(number)}y"
    if months == 12:
        return "1y"
    return f"{round(months)}m"


def _previous_quarter(today: date) -> str:
    quarter = (today.month - 1) // 3
    return f"{today.year}-Q{quarter}" if quarter else f"{today.year - 1}-Q4"


def _year(text: str) -> int:
    digits = text.lstrip("'")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _latest_year(today: date, month: int) -> int:
    return today.year if month <= today.month else today.year - 1


def _past(today: date, month: int, day: int, year: str | None) -> date | None:
    if year:
        return _date(int(year), month, day)
    this = _date(today.year, month, day)
    return this if this and this <= today else _date(today.year - 1, month, day)


def _back(today: date, count: str, unit: str) -> date | None:
    period = canonical(count, unit)
    if period is None:
        return None
    number = int(period[:-1])
    try:
        if period.endswith("d"):
            return today - timedelta(number)
        return _add_months(today, -number * (12 if period.endswith("y") else 1))
    except (OverflowError, ValueError):  # before the year 1
        return None


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
