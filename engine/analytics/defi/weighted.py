"""Impermanent loss of weighted pools (Balancer), without fees and rewards.

F. Martinelli, N. Mushegian, "A non-custodial portfolio manager, liquidity provider and price
sensor" (2019): the value of a pool is proportional to the product of price_i ** weight_i, so the
loss is product(r_i ** w_i) / sum(w_i r_i) - 1 with r_i = new / old price. Two coins of equal
weights give Uniswap v2.
"""

from collections.abc import Sequence
from decimal import Decimal

from engine.analytics.impermanent_loss import PoolOutcome
from engine.core.errors import KnownError

_TOLERANCE = Decimal("1e-12")


def weighted_loss(
    changes: Sequence[Decimal], weights: Sequence[Decimal], deposit: Decimal | None = None
) -> PoolOutcome:
    """The outcome after each coin's price changed by a fraction against one common currency.

    changes: -0.5 = the price halves. weights: shares above zero that sum to 1, in the same order.
    deposit: in that currency. Raises KnownError for changes below -1, weights that do not fit, or
    a deposit that is not above zero.
    """
    if len(changes) != len(weights) or len(weights) < 2:
        raise KnownError(
            "A pool needs at least two coins, each with a price change and a weight.",
            "Give as many weights as price changes.",
        )
    if any(weight <= 0 for weight in weights) or abs(sum(weights, Decimal(0)) - 1) > _TOLERANCE:
        raise KnownError(
            "The weights of a pool must be above zero and sum to 100 %.", "Give other weights."
        )
    if any(change < -1 for change in changes):
        raise KnownError("A price cannot fall by more than 100 %.", "Give another change.")
    if deposit is not None and deposit <= 0:
        raise KnownError("The deposit must be above zero.", "Give another amount.")
    pool = Decimal(1)
    hold = Decimal(0)
    for change, weight in zip(changes, weights, strict=True):
        ratio = 1 + change
        pool *= ratio**weight
        hold += weight * ratio
    loss = pool / hold - 1 if hold else Decimal(-1)
    if deposit is None:
        return PoolOutcome(loss, None, None, None)
    return PoolOutcome(loss, deposit * hold, deposit * pool, deposit * (pool - hold))
