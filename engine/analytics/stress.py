"""What a price change of one asset, or of all, does to a portfolio."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import PRICES_FROM, KnownError
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
    """The portfolio before and after; change = after - before, relative = change / before.

    unpriced: what is held but has no price, and so is in none of the figures.
    """

    before: Decimal
    after: Decimal
    change: Decimal
    relative: Decimal
    rows: tuple[StressRow, ...]
    unpriced: tuple[str, ...] = ()


def what_if(held: Mapping[str, Decimal | None], asset: str, change: Decimal) -> Stress:
    """The values after `asset` (or ALL) has changed by a fraction (-0.3 = it falls by 30 %).

    held: the value of each asset held, in one currency; None without a price. With ALL everything
    moves but fiat money; with one asset the others stay. Raises KnownError if it is not held or has
    no price, or for a fall over 100 %.
    """
    if change < -1:
        raise KnownError("A price cannot fall by more than 100 %.", "Give another change.")
    if asset != ALL and asset not in held:
        raise KnownError(f"You hold no {asset}.", "Ask about an asset you hold.")
    if asset != ALL and held[asset] is None:
        raise KnownError(
            f"You hold {asset}, but there is no fresh price for it to change.",
            PRICES_FROM,
        )
    values = {name: value for name, value in held.items() if value is not None}
    before = sum(values.values(), Decimal(0))
    if before <= 0:
        raise KnownError("The portfolio has no value to change.", "Import transactions and prices.")
    moving = {name for name in values if name == asset or (asset == ALL and name not in FIAT)}
    outcome = {
        name: value * (1 + change) if name in moving else value for name, value in values.items()
    }
    after = sum(outcome.values(), Decimal(0))
    rows = tuple(StressRow(name, value, outcome[name]) for name, value in values.items())
    unpriced = tuple(name for name in held if name not in values)
    return Stress(before, after, after - before, (after - before) / before, rows, unpriced)
