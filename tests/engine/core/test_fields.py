"""Fields of untrusted tables: what is read, and the reason given for what is not."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.core.fields import (
    FieldError,
    check_time,
    read_number,
    read_positive,
    read_symbol,
    read_time,
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024-03-01 12:30", datetime(2024, 3, 1, 12, 30, tzinfo=UTC)),
        ("2024-03-01 12:30:15 UTC", datetime(2024, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("2024-03-01T12:30:15.123456Z", datetime(2024, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("2024-03-01T01:30:15+02:00", datetime(2024, 2, 29, 23, 30, 15, tzinfo=UTC)),
        ("0024-03-01 12:30:15", datetime(24, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("24-03-01 12:30:15", datetime(2024, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("1709294400", datetime(2024, 3, 1, 12, 0, tzinfo=UTC)),
        ("1709294400000", datetime(2024, 3, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_times(text: str, moment: datetime) -> None:
    assert read_time(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "soon", "01/02/2024", "2024-13-01", "2024-02-30", "2024-03-01 25:00:00", "٢٠٢٤-٠١-٠١"],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(FieldError):
        read_time(text)


def test_impossible_dates() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    check_time(datetime(2026, 11, 22, 13, tzinfo=UTC), now)  # a local time in the far east
    for moment in (datetime(2026, 11, 23, tzinfo=UTC), datetime(2008, 1, 1, tzinfo=UTC)):
        with pytest.raises(FieldError, match="the date"):
            check_time(moment, now)
    with pytest.raises(FieldError, match="the date 0001-01-01 is before the first crypto asset"):
        check_time(read_time("0001-01-01"), now)


def test_numbers_keep_every_digit() -> None:
    assert read_number("1,250.5", "amount") == Decimal("1250.5")
    assert read_number("$1,250.50", "total") == Decimal("1250.50")
    assert read_number("-£3", "total") == Decimal("-3")
    assert read_number("-3.605E-05", "amount") == Decimal("-0.00003605")
    assert read_number("0.123456789012345678901", "amount") == Decimal("0.123456789012345678901")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no amount"),
        ("abc", 'the amount "abc" is not a number'),
        ("NaN", 'the amount "NaN" is not a number'),
        ("1e400", 'the amount "1e400" is not a number'),
        ("1e35", 'the amount "1e35" is out of range'),
        ("0,5", 'the amount "0,5" is not a number'),
        ("=1+1", 'the amount "=1+1" is not a number'),
    ],
)
def test_what_is_no_number(text: str, reason: str) -> None:
    with pytest.raises(FieldError, match="amount") as error:
        read_number(text, "amount")
    assert str(error.value) == reason


def test_positive_numbers_and_symbols() -> None:
    assert read_symbol(" btc ") == "BTC"
    with pytest.raises(FieldError, match="the amount is negative"):
        read_positive("-1", "amount")
    with pytest.raises(FieldError, match="the amount is zero"):
        read_positive("0", "amount")
    for bad in ("", "=SUM(A1)", "B T C", "a" * 30, "ВТС"):
        with pytest.raises(FieldError):
            read_symbol(bad)
