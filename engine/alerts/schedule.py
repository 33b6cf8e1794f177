"""When a rule is watched, and when and how its firing is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

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


@dataclass(frozen=True, slots=True)
class Telling:
    """When (UTC) to tell of a firing, and whether with a sound."""

    at: datetime
    sound: bool


def telling(priority: Priority, now: datetime, quiet: QuietHours | None) -> Telling:
    """How to tell of what fired by now: nothing is lost in quiet hours, it waits for their end."""
    until = quiet.until(now) if quiet and priority != "high" else None
    return Telling(until or now.astimezone(UTC), priority != "low")
