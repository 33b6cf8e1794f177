"""What a kind of alert is made of: its fields, its figure over the data, and its words.

A kind gives one figure per check and row, and a level that the figure reaches from below (sign 1)
or from above (sign -1). The trigger is what the row's high or low made of the figure, the settle
what its close did: a check comes true by the trigger and is over by the settle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np

from engine.alerts.panel import Bools, Floats, Ints, Panel, SeriesId
from engine.core.money import to_text

Value = Decimal | str
FieldKind = Literal["symbol", "name", "number", "days", "choice"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a check says; a default of None means that it must be said.

    least, most: what a number lies between, both allowed. label: as in a sentence.
    """

    name: str
    kind: FieldKind
    label: str
    default: Value | None = None
    least: Decimal = Decimal("1e-30")
    most: Decimal = Decimal("1e30")
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One condition on one series: the kind, a value for each of its fields, and by how many per
    cent of the level the figure must be back before the check is over."""

    kind: str
    values: Mapping[str, Value]
    hysteresis: Decimal

    def text(self, name: str) -> str:
        """A symbol, name or choice."""
        return str(self.values[name])

    def number(self, name: str) -> Decimal:
        """A number or a count of days."""
        return Decimal(self.values[name])

    def shown(self, name: str) -> str:
        """A number as the user wrote it."""
        return to_text(self.number(name))


class Signal(NamedTuple):
    """The figure of each check, NaN where it is not known; units are the kind's."""

    trigger: Floats
    settle: Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """All checks of one kind: columns are (series of the kind, checks), signs and numbers (by
    field) one per check."""

    columns: Ints
    signs: Floats
    numbers: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class View:
    """The data as each check of a batch sees it on one day.

    at: the row of each check. early: its alert was made on or after that row, so that the row's
    high and low may be of before and only the close counts.
    """

    panel: Panel
    batch: Batch
    day: int
    at: Ints
    early: Bools

    def close(self) -> Floats:
        """The close of the row of the first series."""
        found: Floats = self.panel.close[self.at, self.batch.columns[0]]
        return found

    def high(self) -> Floats:
        """The high of the row of the first series."""
        high = self.panel.high[self.at, self.batch.columns[0]]
        return np.where(self.early, self.close(), high)

    def low(self) -> Floats:
        """The low of the row of the first series."""
        low = self.panel.low[self.at, self.batch.columns[0]]
        return np.where(self.early, self.close(), low)

    def number(self, name: str) -> Floats:
        """The numbers of a field."""
        return self.batch.numbers[name]

    def days(self, name: str) -> Ints:
        """A field of days, as whole numbers."""
        return self.batch.numbers[name].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check.

    series: which data a check needs, that whose row fires it first. sign, level: see the module.
    signal: the figures. describe: the check in words. tell: what a figure says, without the day.
    hysteresis: the default. pulse: every row stands for itself, as a new event does.
    every_day: the figure changes on days without a row as well. reach: how many days before its
    row a check looks at. title: what the kind is called in a list.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    series: Callable[[Check], tuple[SeriesId, ...]]
    level: Callable[[Check], float]
    signal: Callable[[View], Signal]
    describe: Callable[[Check], str]
    tell: Callable[[Check, float], str]
    sign: Callable[[Check], int] = lambda _: 1
    hysteresis: Decimal = Decimal(20)
    pulse: bool = False
    every_day: bool = False
    reach: Callable[[Check], int] = lambda _: 0
    refuse: Callable[[Check], str] = lambda _: ""
    """What is wrong with the values together, as a sentence, or ""."""


ASSET = Field("asset", "symbol", "asset")
CURRENCY = Field("currency", "symbol", "currency", "USD")


def percent_field(name: str = "percent", most: int = 100) -> Field:
    """A share in per cent."""
    return Field(name, "number", "percentage", most=Decimal(most))


def days_field(default: int, name: str = "days", fewest: int = 1, most: int = 3650) -> Field:
    """A number of days."""
    return Field(name, "days", "number of days", Decimal(default), Decimal(fewest), Decimal(most))


def percent_level(check: Check) -> float:
    """The field `percent` as a fraction."""
    return float(check.number("percent") / 100)


def days_of(check: Check) -> int:
    """The field `days`, which most kinds look back."""
    return int(check.number("days"))


def over_days(check: Check, name: str = "days") -> str:
    """ "24 h", "7 days"."""
    days = int(check.number(name))
    return "24 h" if days == 1 else f"{days} days"
