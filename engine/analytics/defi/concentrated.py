"""Uniswap v3 positions in a price range: amounts, value and impermanent loss, without fees.

H. Adams et al., "Uniswap v3 Core" (2021), section 6: with liquidity L and s = sqrt(price) kept
within [sqrt(low), sqrt(high)], a position holds x = L (1/s - 1/sqrt(high)) of the first coin and
y = L (s - sqrt(low)) of the second.
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices of the first coin in the second; KnownError unless 0 < low < high."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise KnownError(
                "The low end of a range must be above zero and below the high end.",
                "Give another range.",
            )

    def holds(self, price: Decimal) -> bool:
        """Whether a position earns fees at this price."""
        return self.low <= price <= self.high


@dataclass(frozen=True, slots=True)
class Amounts:
    """Coins in a position: x of the first coin, y of the second."""

    x: Decimal
    y: Decimal

    def worth(self, price: Decimal) -> Decimal:
        """Value in the second coin."""
        return self.x * price + self.y


@dataclass(frozen=True, slots=True)
class RangeOutcome:
    """A position after a price change, values in the second coin.

    loss: against holding the coins put in, a fraction at or below zero. held, pooled: value of
    the coins put in and of the position; difference = pooled - held. before, after: the coins.
    in_range: whether the position earns fees at the new price. concentration: how many times the
    fees of a position over all prices of the same value it earns while in range.
    """

    loss: Decimal
    held: Decimal
    pooled: Decimal
    difference: Decimal
    before: Amounts
    after: Amounts
    in_range: bool
    concentration: Decimal


def amounts(liquidity: Decimal, price: Decimal, limits: PriceRange) -> Amounts:
    """The coins a position of this liquidity holds at a price above zero."""
    low, high = limits.low.sqrt(), limits.high.sqrt()
    root = min(max(price.sqrt(), low), high)
    return Amounts(liquidity * (1 / root - 1 / high), liquidity * (root - low))


def liquidity_of(deposit: Decimal, price: Decimal, limits: PriceRange) -> Decimal:
    """The liquidity a deposit, in the second coin, buys at a price above zero."""
    return deposit / amounts(Decimal(1), price, limits).worth(price)


def concentration(price: Decimal, limits: PriceRange) -> Decimal:
    """Liquidity per value against a position over all prices, which has 1 / (2 sqrt(price))."""
    return liquidity_of(Decimal(1), price, limits) * 2 * price.sqrt()


def range_outcome(
    before: Decimal, after: Decimal, limits: PriceRange, deposit: Decimal = Decimal(1)
) -> RangeOutcome:
    """The outcome for a deposit made at price `before` when the price is `after`.

    KnownError for prices or a deposit not above zero.
    """
    if before <= 0 or after <= 0:
        raise KnownError("Prices must be above zero.", "Give another price.")
    if deposit <= 0:
        raise KnownError("The deposit must be above zero.", "Give another amount.")
    liquidity = liquidity_of(deposit, before, limits)
    put_in = amounts(liquidity, before, limits)
    now = amounts(liquidity, after, limits)
    held, pooled = put_in.worth(after), now.worth(after)
    return RangeOutcome(
        loss=pooled / held - 1,
        held=held,
        pooled=pooled,
        difference=pooled - held,
        before=put_in,
        after=now,
        in_range=limits.holds(after),
        concentration=concentration(before, limits),
    )
