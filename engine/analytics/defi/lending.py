"""Loans against collateral, as Aave counts them: health factor and liquidation price.

Aave v3 technical paper (2022), "Health factor": HF = sum(collateral_i * threshold_i) / sum(debt).
Below 1 anyone may liquidate the position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Collateral:
    """Coins deposited: price in one currency for the whole position, threshold a fraction.

    threshold: the share of its value that counts before liquidation (0.825 = 82.5 %).
    """

    asset: str
    amount: Decimal
    price: Decimal
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class Debt:
    """Coins borrowed, with the interest owed; price in the currency of the collateral."""

    asset: str
    amount: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Health:
    """A position now, in its currency.

    factor: None without debt. ltv: debt / collateral, None without collateral. threshold: the
    collateral's thresholds weighted by value, None without collateral. buffer: the fraction by
    which all collateral may fall, debts unchanged, before liquidation; negative once below 1.
    """

    factor: Decimal | None
    collateral: Decimal
    debt: Decimal
    ltv: Decimal | None
    threshold: Decimal | None
    buffer: Decimal | None


@dataclass(frozen=True, slots=True)
class LiquidationPrice:
    """The price of one asset at which the health factor is 1, the others unchanged.

    side: the position is liquidated when the price is below or above it. change: from today's
    price, a fraction.
    """

    asset: str
    price: Decimal
    side: Literal["below", "above"]
    change: Decimal


def health(collateral: Sequence[Collateral], debts: Sequence[Debt]) -> Health:
    """The health of a position. KnownError for negative amounts, prices not above 0, thresholds
    not within 0 and 1."""
    _check(collateral, debts)
    value = sum((c.amount * c.price for c in collateral), Decimal(0))
    counted = sum((c.amount * c.price * c.threshold for c in collateral), Decimal(0))
    debt = sum((d.amount * d.price for d in debts), Decimal(0))
    return Health(
        factor=counted / debt if debt else None,
        collateral=value,
        debt=debt,
        ltv=debt / value if value else None,
        threshold=counted / value if value else None,
        buffer=1 - debt / counted if counted and debt else None,
    )


def liquidation_price(
    collateral: Sequence[Collateral], debts: Sequence[Debt], asset: str
) -> LiquidationPrice | None:
    """Where the price of `asset` brings the health factor to 1; None if no price of it does.

    KnownError if the asset is in neither list, has two prices, or for figures `health` refuses.
    """
    _check(collateral, debts)
    prices = {c.price for c in collateral if c.asset == asset}
    prices |= {d.price for d in debts if d.asset == asset}
    if len(prices) != 1:
        raise KnownError(
            f"{asset} is not part of this loan." if not prices else f"{asset} has two prices.",
            "Name an asset of the loan and give one price for it.",
        )
    # counted - debt is linear in the price: slope * price + rest.
    slope = sum((c.amount * c.threshold for c in collateral if c.asset == asset), Decimal(0))
    slope -= sum((d.amount for d in debts if d.asset == asset), Decimal(0))
    rest = sum(
        (c.amount * c.price * c.threshold for c in collateral if c.asset != asset), Decimal(0)
    )
    rest -= sum((d.amount * d.price for d in debts if d.asset != asset), Decimal(0))
    if slope == 0 or -rest / slope <= 0:
        return None
    price, now = -rest / slope, prices.pop()
    return LiquidationPrice(asset, price, "below" if slope > 0 else "above", price / now - 1)


def _check(collateral: Sequence[Collateral], debts: Sequence[Debt]) -> None:
    entries: list[Collateral | Debt] = [*collateral, *debts]
    for entry in entries:
        if entry.amount < 0 or entry.price <= 0:
            raise KnownError(
                f"The amount of {entry.asset} cannot be negative and its price must be above zero.",
                "Give other figures.",
            )
    for deposit in collateral:
        if not 0 <= deposit.threshold <= 1:
            raise KnownError(
                f"The liquidation threshold of {deposit.asset} must be between 0 and 100 %.",
                "Look it up in the market's risk parameters.",
            )
