"""Times as exchanges write them: zones in the header, months by name."""

import re
from datetime import UTC, datetime, timezone

from engine.core.csvfile import clean_text
from engine.core.fields import FieldError, read_time

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONE = re.compile(r"\((?:utc)?(?:([+-])([0-9]{1,2})(?::([0-9]{2}))?|utc|null)?\)$")


def header_zone(column: str) -> str | None:
    """The offset at the end of a normalised column name, "+08:00" for "time(utc+08:00)".

    None if the name does not end with a zone.
    """
    match = _ZONE.search(column)
    if match is None:
        return None
    return f"{match[1] or '+'}{match[2] or '0':0>2}:{match[3] or '00'}"


def read_local(text: str, offset: str) -> datetime:
    """A time as UTC; offset ("+08:00") holds where the text names none. Raises FieldError."""
    try:
        return read_time(f"{text.strip()}{offset}")
    except FieldError:
        return read_time(text)


def month_number(name: str) -> int:
    """1 to 12 from an English name or abbreviation ("Sept."). Raises FieldError."""
    beginning = name.strip().lower()[:3]
    if beginning not in _MONTHS:
        raise FieldError(f'"{clean_text(name, 20)}" is not a month')
    return _MONTHS.index(beginning) + 1


def existing_time(text: str, *parts: int, zone: timezone = UTC) -> datetime:
    """The moment of year, month, day … in UTC; FieldError, which quotes text, if there is none."""
    year, month, day, *clock = parts
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldError(f'"{clean_text(text, 40)}" is not a date that exists') from None
