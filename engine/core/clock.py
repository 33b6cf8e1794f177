"""The time, injectable so that tests and simulations choose it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the rest of the program gets the time from."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def today(self) -> date:
        """The UTC day, as daily prices are closed by UTC."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The UTC day."""
        return self.now().date()


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still at `moment` (aware; naive raises ValueError)."""

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("the moment needs a time zone")

    def now(self) -> datetime:
        """The fixed moment, in UTC."""
        return self.moment.astimezone(UTC)

    def today(self) -> date:
        """The UTC day of the fixed moment."""
        return self.now().date()
