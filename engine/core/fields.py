"""Reading the fields of an untrusted table: times, numbers, asset symbols."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

from engine.core.csvfile import clean_text
from engine.core.money import parse_amount


class FieldError(Exception):
    """A field that cannot be read; the message is the reason shown to the user."""


EARLIEST_YEAR = 2009
LATEST_AHEAD = timedelta(hours=14)
"""A local time in the furthest time zone is this far ahead of UTC."""
LARGEST_AMOUNT = Decimal("1e30")
SMALLEST_AMOUNT = Decimal("1e-30")
_LARGEST_POWER, _LEAST_POWER = LARGEST_AMOUNT.adjusted(), SMALLEST_AMOUNT.adjusted()

_USUAL_TIME = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_TIME = re.compile(
    r"(?P<year>[0-9]{4}|[0-9]{2})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ]+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r" ?(?P<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
)
# Seconds, milliseconds, microseconds, nanoseconds.
_UNIX = re.compile(r"[0-9]{10}(?:\.[0-9]+)?|[0-9]{13}|[0-9]{16}|[0-9]{19}")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._$+-]{0,19}(?:#[0-9]{1,78})?")
_CURRENCY_SIGN = re.compile(r"^(-?)[$€£¥](-?)")


@lru_cache(maxsize=64)  # rows of one second stand together
def read_time(text: str) -> datetime:
    """A moment in UTC from "2024-03-01", "2024-03-01 12:00:00", ISO 8601 or Unix time.

    A time without a zone is UTC; fractions of a second are dropped. Raises FieldError.
    """
    stripped = text.strip()
    try:
        if _USUAL_TIME.fullmatch(stripped):
            return datetime.fromisoformat(f"{stripped}+00:00")
        if _UNIX.fullmatch(stripped):
            return datetime.fromtimestamp(int(stripped[:10]), UTC)
        return _other_time(text, stripped)
    except (ValueError, OverflowError):
        raise FieldError(f"{_quoted(text)} is not a date that exists") from None


def check_time(moment: datetime, now: datetime) -> None:
    """Refuse (FieldError) what cannot have happened: the future, and before Bitcoin existed."""
    if moment > now and moment > now + LATEST_AHEAD:  # a sum for each of a million rows counts
        raise FieldError(f"the date {moment.date()} is in the future")
    if moment.year < EARLIEST_YEAR:
        raise FieldError(f"the date {moment.date()} is before the first crypto asset existed")


def read_number(text: str, name: str) -> Decimal:
    """A signed number, with or without a currency sign; name says which. Raises FieldError."""
    try:
        number = parse_amount(text)
    except ValueError:
        number = _other_number(text.strip(), name)
    if not in_range(number):
        raise FieldError(f"the {name} {_quoted(text)} is out of range")
    return number


def in_range(number: Decimal) -> bool:
    """Whether an amount can be of this size: zero, or from SMALLEST_AMOUNT to LARGEST_AMOUNT."""
    return not number or _LEAST_POWER <= number.adjusted() < _LARGEST_POWER


def read_positive(text: str, name: str) -> Decimal:
    """A number above zero. Raises FieldError."""
    number = read_number(text, name)
    if number <= 0:
        raise FieldError(f"the {name} is {'zero' if number == 0 else 'negative'}")
    return number


@lru_cache(maxsize=1024)
def read_symbol(text: str, name: str = "asset") -> str:
    """An asset's symbol in upper case. Raises FieldError."""
    symbol = text.strip().upper()
    if not symbol:
        raise FieldError(f"no {name}")
    if not _SYMBOL.fullmatch(symbol):
        raise FieldError(f"the {name} {_quoted(text)} is not a symbol")
    return symbol


def _other_time(text: str, stripped: str) -> datetime:
    match = _TIME.fullmatch(stripped)
    if match is None:
        raise FieldError(
            f"{_quoted(text)} is not a date such as 2024-03-01 12:00:00" if stripped else "no date"
        )
    year = match["year"]
    moment = datetime(
        int(year) + 2000 if len(year) == 2 else int(year),
        int(match["month"]),
        int(match["day"]),
        int(match["hour"] or 0),
        int(match["minute"] or 0),
        int(match["second"] or 0),
        tzinfo=_zone(match["zone"]),
    )
    return moment.astimezone(UTC)


def _other_number(stripped: str, name: str) -> Decimal:
    if not stripped:
        raise FieldError(f"no {name}")
    try:
        return parse_amount(_CURRENCY_SIGN.sub(r"\1\2", stripped))
    except ValueError:
        raise FieldError(f"the {name} {_quoted(stripped)} is not a number") from None


def _zone(text: str | None) -> timezone:
    if text is None or text in ("Z", "UTC"):
        return UTC
    digits = text.replace(":", "")
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-offset if digits[0] == "-" else offset)


def _quoted(text: str) -> str:
    return f'"{clean_text(text, 40)}"'
