"""Impermanent loss of a 50/50 constant-product pool (Uniswap v2), without fees and rewards.

With r = new price / old price of one coin against the other, holding is worth (1 + r) / 2 of the
deposit and the pool sqrt(r) of it, so the loss is 2 sqrt(r) / (1 + r) - 1.
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class PoolOutcome:
    """loss: against holding, a fraction at or below zero. Amounts are None without a deposit.

    They are in the currency of the deposit, counted in the coin whose price did not change.
    """

    loss: Decimal
    held: Decimal | None
    pooled: Decimal | None
    difference: Decimal | None


def impermanent_loss(price_change: Decimal, deposit: Decimal | None = None) -> PoolOutcome:
    """The loss after a relative price change as a fraction (-0.5 = the price halves).

    Raises KnownError for a change below -1 or a deposit that is not above zero.
    """
    if price_change < -1:
        raise KnownError("A price cannot fall by more than 100 %.", "Give another change.")
    if deposit is not None and deposit <= 0:
        raise KnownError("The deposit must be above zero.", "Give another amount.")
    ratio = 1 + price_change
    root = ratio.sqrt()
    loss = 2 * root / (1 + ratio) - 1
    if deposit is None:
        return PoolOutcome(loss, None, None, None)
    held = deposit * (1 + ratio) / 2
    pooled = deposit * root
    return PoolOutcome(loss, held, pooled, pooled - held)
