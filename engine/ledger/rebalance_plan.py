"""What a rebalancing starts from and comes to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Position:
    """An amount of an asset, which may be 0, and the price of one in the reporting currency."""

    asset: str
    amount: Decimal
    price: Decimal

    @property
    def value(self) -> Decimal:
        """Amount times price."""
        return self.amount * self.price


@dataclass(frozen=True, slots=True)
class Trade:
    """A suggested trade; value = amount * price, and the fee is on top of it."""

    side: Literal["buy", "sell"]
    amount: Decimal
    price: Decimal
    value: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One asset: weights are fractions of the whole; why says what keeps it outside its band."""

    asset: str
    before: Decimal
    weight: Decimal
    target: Decimal
    low: Decimal
    high: Decimal
    trade: Trade | None
    after: Decimal
    weight_after: Decimal
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The suggestion; lines by target, the largest first, cash apart from them.

    total = what all is worth with the cash; total_after = total - fees.
    """

    currency: str
    lines: tuple[Line, ...]
    cash: Decimal
    cash_after: Decimal
    cash_target: Decimal
    fees: Decimal
    total: Decimal
    notes: tuple[str, ...]

    @property
    def total_after(self) -> Decimal:
        """What is left after the fees."""
        return self.total - self.fees

    @property
    def trades(self) -> tuple[tuple[str, Trade], ...]:
        """The trades with their assets, sales first."""
        made = [(line.asset, line.trade) for line in self.lines if line.trade]
        return tuple(sorted(made, key=lambda one: one[1].side == "buy"))
