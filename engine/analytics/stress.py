"""What a price change of one asset, or of all, does to a portfolio."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError
from engine.core.records import FIAT

ALL = "ALL"


@dataclass(frozen=True, slots=True)
class StressRow:
    """The value of one asset before and after."""

    asset: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Stress:
    """The portfolio before and after; change = after - before, relative = change / before."""

    before: Decimal
    after: Decimal
    change: Decimal
    relative: Decimal
    rows: tuple[StressRow, ...]


def what_if(values: Mapping[str, Decimal], asset: str, change: Decimal) -> Stress:
    """The values after `asset` (or ALL) has changed by a fraction (-0.3 = it falls by 30 %).

    values: what is held of each asset, in one currency. With ALL everything moves but fiat money;
    with one asset the others stay. Raises KnownError if it is not held, or for a fall over 100 %.
    """
    if change < -1:
        raise KnownError("A price cannot fall by more than 100 %.", "Give another change.")
    before = sum(values.values(), Decimal(0))
    if before <= 0:
        raise KnownError("The portfolio has no value to change.", "Import transactions and prices.")
    if asset != ALL and asset not in values:
        raise KnownError(f"You hold no {asset}.", "Ask about an asset you hold.")
    moving = {name for name in values if name == asset or (asset == ALL and name not in FIAT)}
    outcome = {
        name: value * (1 + change) if name in moving else value for name, value in values.items()
    }
    after = sum(outcome.values(), Decimal(0))
    rows = tuple(StressRow(name, value, outcome[name]) for name, value in values.items())
    return Stress(before, after, after - before, (after - before) / before, rows)
