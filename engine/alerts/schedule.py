"""When a rule is watched, and when and how its firing is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol

import numpy as np

from engine.alerts.panel import Bools, Ints
from engine.alerts.rule import Priority, Rule

_NO_END = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """The first and the last day of each rule, as ordinals."""

    start: Ints
    end: Ints

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Limits":
        """The limits of these rules."""
        return cls(
            np.array([one.created.astimezone(UTC).toordinal() for one in rules], dtype=np.int64),
            np.array(
                [one.expires.toordinal() if one.expires else _NO_END for one in rules],
                dtype=np.int64,
            ),
        )

    def allow(self, day: int) -> Bools:
        """Whether each rule may fire on a day."""
        found: Bools = (self.start <= day) & (day <= self.end)
        return found


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The time of day, in a time zone, at which only urgent alerts are told.

    It may go over midnight; a start that is the end means none.
    """

    start: time
    end: time
    zone: tzinfo

    def until(self, now: datetime) -> datetime | None:
        """The end (UTC) of the quiet hours that `now` is in, else None."""
        local = now.astimezone(self.zone)
        clock = local.time()
        if self.start <= self.end:
            quiet, day = self.start <= clock < self.end, local.date()
        else:
            quiet = clock >= self.start or clock < self.end
            day = local.date() + timedelta(days=clock >= self.start)
        if not quiet:
            return None
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)


def quiet_hours(start: str, end: str, zone: tzinfo) -> QuietHours | None:
    """Between two times of day such as "22:00"; None if one is empty or both are the same."""
    if not start or not end or start == end:
        return None
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), zone)


class Quiet(Protocol):
    """When only urgent alerts are told."""

    def until(self, now: datetime) -> datetime | None:
        """The end (UTC) of the quiet time that `now` is in, else None."""
        ...


@dataclass(frozen=True, slots=True)
class Silence:
    """Quiet hours, and a pause until a moment, for which the user has asked."""

    hours: QuietHours | None
    pause: datetime | None

    def until(self, now: datetime) -> datetime | None:
        """The end (UTC) of the quiet time that `now` is in, else None."""
        paused = self.pause if self.pause and self.pause > now else None
        quiet = self.hours.until(paused or now) if self.hours else None
        return quiet or paused


@dataclass(frozen=True, slots=True)
class Telling:
    """When (UTC) to tell of a firing, and whether with a sound."""

    at: datetime
    sound: bool


def telling(priority: Priority, now: datetime, quiet: Quiet | None) -> Telling:
    """How to tell of what fired by now: nothing is lost in quiet hours, it waits for their end."""
    until = quiet.until(now) if quiet and priority != "high" else None
    return Telling(until or now.astimezone(UTC), priority != "low")
