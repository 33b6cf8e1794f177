"""Finds holidays that fall on the same date every year."""

import re
from collections.abc import Iterator
from datetime import date

from engine.assistant.recognise.calendar_words import SAID_YEAR, latest_past, said_year

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
    r"armistice day|veterans'? day|remembrance day": (11, 11),
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
    for words, (month, number) in _HOLIDAYS.items():
        for match in re.finditer(rf"\b(?:{words})(?!\w)(?:,?\s+({SAID_YEAR}))?", text, re.I):
            before = text[: match.start()]
            day = latest_past(today, month, number, said_year(match[1], today))
            if day:
                lead = _LAST.search(before)
                start = lead.start() if lead else match.start()
                yield day, start, match.end(), bool(_AHEAD.search(before) and not match[1])
