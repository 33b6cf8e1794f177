"""Finds holidays: those of a fixed date, and those counted from Easter."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from engine.assistant.recognise.calendar_words import SAID_YEAR, said_year, valid_date

_HOLIDAYS = {
    r"new year'?s eve|hogmanay|silvester": (12, 31),
    r"new year'?s day|new years?(?! eve)": (1, 1),
    r"christmas eve|xmas eve": (12, 24),
    r"boxing day|st\.? stephen'?s(?: day)?": (12, 26),
    r"(?:christmas|xmas)(?: day)?(?! eve)": (12, 25),
    r"valentine'?s(?: day)?": (2, 14),
    r"halloween|hallowe'en": (10, 31),
    r"(?:st\.?|saint) patrick'?s?(?: day)?|paddy'?s day": (3, 17),
    r"anzac day": (4, 25),
    r"australia day": (1, 26),
    r"april fools?'?s?(?: day)?": (4, 1),
    r"(?:st\.?|saint) george'?s day": (4, 23),
    r"(?:st\.?|saint) andrew'?s day": (11, 30),
    r"(?:st\.?|saint) nicholas'?s? day": (12, 6),
    r"burns night": (1, 25),
    r"groundhog day": (2, 2),
    r"pi day": (3, 14),
    r"(?:bitcoin )?pizza day": (5, 22),
    r"cinco de mayo": (5, 5),
    r"juneteenth": (6, 19),
    r"canada day": (7, 1),
    r"independence day": (7, 4),
    r"bastille day": (7, 14),
    r"bonfire night|guy fawkes(?: (?:night|day))?": (11, 5),
    r"leap day": (2, 29),
    r"midsummer(?:'?s)?(?: day)?": (6, 24),
    r"armistice day|veterans'? day|remembrance day": (11, 11),
}
_FROM_EASTER = {
    r"(?:shrove|pancake) (?:tuesday|day)": -47,
    r"ash wednesday": -46,
    r"palm sunday": -7,
    r"good friday": -2,
    r"easter(?: (?:sunday|day))?(?! monday)": 0,
    r"easter monday": 1,
    r"ascension(?: day)?": 39,
    r"pentecost|whit ?sunday": 49,
}
# "7k before Christmas" looks ahead.
_AHEAD = re.compile(r"\b(?:before|by|next|until|till|coming)\s+(?:this\s+)?$", re.I)
_LAST = re.compile(r"\b(last|this)\s+$", re.I)


def holidays(text: str, today: date) -> Iterator[tuple[date, int, int, bool]]:
    """Holidays in `text`, the latest past one where the year is unsaid.

    The last value tells that the words before look ahead, so that no past day is meant unless
    another is counted from it ("two days before Christmas").
    """
    text = text.replace("’", "'")
    fixed = {words: _yearly(*day) for words, day in _HOLIDAYS.items()}
    moving = {words: _after_easter(days) for words, days in _FROM_EASTER.items()}
    moving[r"thanksgiving(?: day)?"] = _thanksgiving
    moving[r"black friday"] = lambda year: _thanksgiving(year) + timedelta(1)
    for words, in_year in (fixed | moving).items():
        for match in re.finditer(
            rf"\b(?:{words})(?!\w|\s+next\b)(?:,?\s+({SAID_YEAR}))?", text, re.I
        ):
            before = text[: match.start()]
            said = said_year(match[1], today)
            day = in_year(int(said) if said else today.year)
            if not said and (day is None or day > today):
                day = in_year(today.year - 1)
            if day:
                lead = _LAST.search(before)
                start = lead.start() if lead else match.start()
                yield day, start, match.end(), bool(_AHEAD.search(before) and not match[1])


def _yearly(month: int, number: int) -> Callable[[int], date | None]:
    return lambda year: valid_date(year, month, number)


def _after_easter(days: int) -> Callable[[int], date | None]:
    return lambda year: easter(year) + timedelta(days)


def _thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 21)


def easter(year: int) -> date:
    """Easter Sunday of a year of the Gregorian calendar.

    Source: the anonymous algorithm printed in Nature, 20 April 1876.
    """
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, left = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leaps - shift + 15) % 30
    quads, over = divmod(rest, 4)
    to_sunday = (32 + 2 * left + 2 * quads - moon - over) % 7
    late = (golden + 11 * moon + 22 * to_sunday) // 451
    month, day = divmod(moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
