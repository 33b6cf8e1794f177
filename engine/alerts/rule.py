"""A rule: a condition to watch, and when and how its coming true is told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.alerts.conditions import Condition, describe

Priority = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition watched since it was made.

    It fires when the condition comes true as a whole, and again after it has been over: at once if
    it is true already. once: fires only one time. cooldown_days: fires at most once in so many
    days; what comes true sooner is passed over. expires: the last day on which it fires. priority:
    "high" is told in quiet hours too, "low" without a sound. created: the moment from which it is
    watched, aware.
    """

    id: int
    created: datetime
    condition: Condition
    name: str = ""
    once: bool = False
    cooldown_days: int = 0
    expires: date | None = None
    priority: Priority = "normal"

    def title(self) -> str:
        """The name the user gave it, else its condition in words."""
        return self.name or describe(self.condition)

    def describe(self) -> str:
        """All of the rule as one sentence in words."""
        return f"When {describe(self.condition)}, {self.manner()}."

    def manner(self) -> str:
        """How often, how long and how loudly it is told."""
        parts = ["once" if self.once else "every time anew"]
        if self.cooldown_days and not self.once:
            days = "day" if self.cooldown_days == 1 else f"{self.cooldown_days} days"
            parts.append(f"at most once per {days}")
        if self.expires:
            parts.append(f"until {self.expires}")
        if self.priority == "high":
            parts.append("in quiet hours too")
        if self.priority == "low":
            parts.append("without a sound")
        return ", ".join(parts)
