"""Quiet hours, over midnight and over changes of the clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from engine.alerts.schedule import QuietHours, Silence, Telling, telling

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7), BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-01-10 20:59", None),
        ("2024-01-10 21:00", "2024-01-11 06:00"),
        ("2024-01-11 05:59", "2024-01-11 06:00"),
        ("2024-01-11 06:00", None),
        # Summer time begins on 2024-03-31, so that seven o'clock is at five UTC.
        ("2024-03-30 22:00", "2024-03-31 05:00"),
        # It ends on 2024-10-27.
        ("2024-10-26 21:00", "2024-10-27 06:00"),
    ],
)
def test_quiet_hours_end_at_the_local_hour(now: str, until: str | None) -> None:
    assert NIGHT.until(utc(now)) == (utc(until) if until else None)


def test_quiet_hours_within_a_day_or_none() -> None:
    noon = QuietHours(time(12), time(14), UTC)
    assert noon.until(utc("2024-01-10 13:00")) == utc("2024-01-10 14:00")
    assert noon.until(utc("2024-01-10 14:00")) is None
    assert QuietHours(time(9), time(9), UTC).until(utc("2024-01-10 09:00")) is None


def test_how_a_firing_is_told() -> None:
    now = utc("2024-01-10 23:00")
    end = utc("2024-01-11 06:00")
    assert telling("normal", now, NIGHT) == Telling(end, True)
    assert telling("low", now, NIGHT) == Telling(end, False)
    assert telling("high", now, NIGHT) == Telling(now, True)
    assert telling("normal", now, None) == Telling(now, True)


def test_a_pause_and_quiet_hours_together() -> None:
    day, evening = utc("2024-01-10 12:00"), utc("2024-01-10 20:00")
    assert Silence(None, None).until(day) is None
    assert Silence(None, evening).until(day) == evening
    assert Silence(None, evening).until(evening) is None
    assert Silence(NIGHT, None).until(day) is None
    assert Silence(NIGHT, evening).until(day) == evening
    late = utc("2024-01-10 23:00")
    assert Silence(NIGHT, late).until(day) == NIGHT.until(late)
