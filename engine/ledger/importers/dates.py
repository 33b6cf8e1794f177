"""Dates whose order of day and month has to be known: 05.09.2017, 9/5/2017 3:04 PM, 20170905."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from engine.core.csvfile import clean_text
from engine.core.fields import FieldError, read_time
from engine.ledger.importers.times import existing_time

DateOrder = Literal["day", "month"]
"""What stands first."""

_CLOCK = (
    r"(?:,?[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_SHORT = re.compile(rf"([0-9]{{1,2}})([./-])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_CLOCK}")
_LONG = re.compile(rf"([0-9]{{4}})([./]?)([0-9]{{2}})\2([0-9]{{2}}){_CLOCK}")
Parts = tuple[str, str, str]
"""Year, month and day."""


def read_date(text: str, order: DateOrder | None) -> datetime:
    """A moment in UTC, in any form that `read_time` takes or with day or month first.

    order: None where the file does not show it. Raises FieldError.
    """
    stripped = text.strip()
    if match := _LONG.fullmatch(stripped):
        return _moment(text, (match[1], match[3], match[4]), match.groups()[4:])
    match = _SHORT.fullmatch(stripped)
    if match is None:
        return read_time(text)
    if order is None:
        shown = clean_text(text, 40)
        raise FieldError(f'"{shown}" does not show whether the day or the month stands first')
    first, second, year = match[1], match[3], match[4]
    day, month = (first, second) if order == "day" else (second, first)
    return _moment(text, (year if len(year) == 4 else f"20{year}", month, day), match.groups()[4:])


def order_of(texts: Iterable[str]) -> DateOrder | None:
    """The one order in which all of a file's dates exist; None if both or neither can be.

    A date with points has the day first, as nobody writes the month first with them.
    """
    possible: list[DateOrder] = ["day", "month"]
    for text in texts:
        match = _SHORT.fullmatch(text.strip())
        if match is None:
            continue
        possible = [order for order in possible if _exists(match[0], order)]
        if match[2] == "." and "day" in possible:
            possible = ["day"]
    return possible[0] if len(possible) == 1 else None


def _exists(text: str, order: DateOrder) -> bool:
    try:
        read_date(text, order)
    except FieldError:
        return False
    return True


def _moment(text: str, parts: Parts, clock: tuple[str | None, ...]) -> datetime:
    hour, minute, second, half = clock
    number = int(hour or 0)
    if half:
        if not 1 <= number <= 12:
            raise FieldError(f'"{clean_text(text, 40)}" is not a date that exists')
        number = number % 12 + (12 if half in "pP" else 0)
    return existing_time(text, *map(int, parts), number, int(minute or 0), int(second or 0))
