"""What the sources share: exact JSON, strict fields, rows taken, or dropped with a reason."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, NoReturn, TypeVar

from engine.core.errors import KnownError
from engine.core.exchange import Reply, Request
from engine.core.fields import FieldError, check_time, read_number, read_positive
from engine.core.records import PricePoint
from engine.core.steps import Step

T = TypeVar("T")

Fetch = Callable[[Request, Step], Reply]
"""Sends a request; raises KnownError where there is no answer or the source is switched off."""

DAY_MS = 86_400_000

_MOST_UNITS = 10**15
"""More than any time has, in milliseconds; making an int of 1E+999999999 never ends."""


class UnknownAsset(KnownError):
    """The source does not know this asset, which says nothing about the next one."""


class UnusableAnswer(KnownError):
    """The source has answered, but not so that it is of use: the next answer may be."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What could be read; dropped: one reason for each row that could not."""

    rows: tuple[T, ...]
    dropped: tuple[str, ...] = ()


def read_json(text: bytes, name: str) -> Any:
    """The value of a JSON text with every number exact: int, or Decimal.

    name: whose text it is. Raises KnownError for what is no JSON, is cut off, or holds NaN.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, ArithmeticError):
        raise UnusableAnswer(
            f"What {name} sent is not JSON, or is cut off.", "Try again later."
        ) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def unexpected(name: str) -> UnusableAnswer:
    """The error for an answer of another form than the documented one."""
    return UnusableAnswer(f"What {name} sent has an unknown form.", "Try again later.")


def member(data: Any, key: str, kind: type[T], name: str) -> T:
    """The member of a JSON object, of the kind it must have; KnownError if it is not so."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise unexpected(name)
    return value


def collect(items: Sequence[Any], read: Callable[[Any], T], name: str) -> Parsed[T]:
    """Read item by item; those that raise FieldError are dropped with its reason.

    Raises KnownError if there were items but none of them could be read.
    """
    rows, dropped = [], []
    for number, item in enumerate(items, 1):
        try:
            rows.append(read(item))
        except FieldError as error:
            dropped.append(f"row {number}: {error}")
    if dropped and not rows:
        raise UnusableAnswer(f"No row that {name} sent could be used.", f"The first: {dropped[0]}.")
    return Parsed(tuple(rows), tuple(dropped))


def cells(item: Any, count: int) -> Sequence[Any]:
    """A row given as a JSON list of at least count values. Raises FieldError."""
    if not isinstance(item, list) or len(item) < count:
        raise FieldError("it is cut off or not a list")
    return item


def positive(value: Any, name: str) -> Decimal:
    """A number above zero, given as a JSON number or as text. Raises FieldError."""
    return read_positive(_digits(value, name), name)


def number(value: Any, name: str) -> Decimal:
    """A number of any sign. Raises FieldError."""
    return read_number(_digits(value, name), name)


def _digits(value: Any, name: str) -> str:
    # True is an int in Python, and no number here.
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise FieldError(f"the {name} is not a number")
    return str(value)


def at(value: Any, unit: timedelta, now: datetime) -> datetime:
    """The moment so many units after 1970, not before Bitcoin and not in the future. FieldError."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FieldError("the time is not a number")
    if not -_MOST_UNITS <= value <= _MOST_UNITS:
        raise FieldError("the time is out of range")
    try:
        moment = datetime.fromtimestamp(0, UTC) + int(value) * unit
    except OverflowError:
        raise FieldError("the time is out of range") from None
    check_time(moment, now)
    if moment.date() > now.astimezone(UTC).date():
        raise FieldError(f"the date {moment:%Y-%m-%d} is in the future")
    return moment


def candle(
    asset: str, currency: str, day: date, prices: Sequence[Any], volume: Any, source: str
) -> PricePoint:
    """A day's candle from open, high, low, close and the volume in the asset. FieldError."""
    names = ("open", "high", "low", "close")
    first, high, low, close = (
        positive(value, name) for value, name in zip(prices, names, strict=True)
    )
    if not low <= min(first, close) <= max(first, close) <= high:
        raise FieldError("the prices of the day contradict each other")
    traded = number(volume, "volume")
    if traded < 0:
        raise FieldError("the volume is negative")
    return PricePoint(asset, currency, day, close, first, high, low, traded, source)


def one_per_day(parsed: Parsed[PricePoint]) -> Parsed[PricePoint]:
    """The rows by day; of several of one day the first is kept and the others are dropped."""
    kept: dict[date, PricePoint] = {}
    dropped = list(parsed.dropped)
    for row in parsed.rows:
        if kept.setdefault(row.day, row) is not row:
            dropped.append(f"a second row for {row.day}")
    return Parsed(tuple(kept[day] for day in sorted(kept)), tuple(dropped))


def within(parsed: Parsed[PricePoint], start: date, end: date) -> Parsed[PricePoint]:
    """Only the rows from start to end, both included."""
    return Parsed(tuple(r for r in parsed.rows if start <= r.day <= end), parsed.dropped)


def joined(parts: Iterable[Parsed[T]]) -> Parsed[T]:
    """Several answers as one."""
    every = tuple(parts)
    return Parsed(
        tuple(row for part in every for row in part.rows),
        tuple(reason for part in every for reason in part.dropped),
    )
