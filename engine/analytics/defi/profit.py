"""What providing liquidity brought against holding the same coins, all costs counted."""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError

DAYS_PER_YEAR = Decimal(365)


@dataclass(frozen=True, slots=True)
class PoolIncome:
    """What a position earned and cost over its time, in the currency of the deposit.

    fees, rewards: earned and kept, not reinvested. gas: all transactions of the position.
    days: how long it has been open, above zero.
    """

    fees: Decimal
    rewards: Decimal
    gas: Decimal
    days: Decimal


@dataclass(frozen=True, slots=True)
class LpProfit:
    """The account of a position, in the currency of the deposit.

    loss: impermanent loss in money, at or below zero. income = fees + rewards.
    against_holding = loss + income - gas; profit = pooled + income - gas - deposit.
    apr: against_holding a year as a fraction of the deposit, not compounded.
    break_even_days: days until income at the same pace covers loss and gas, 0 if nothing is to be
    covered, None if nothing is earned. days_left: those still to come, 0 if reached.
    break_even_apr: the yearly income as a fraction of the deposit that would just have covered
    loss and gas in this time.
    """

    deposit: Decimal
    held: Decimal
    pooled: Decimal
    loss: Decimal
    income: Decimal
    gas: Decimal
    against_holding: Decimal
    profit: Decimal
    apr: Decimal
    break_even_days: Decimal | None
    days_left: Decimal | None
    break_even_apr: Decimal


def lp_profit(deposit: Decimal, held: Decimal, pooled: Decimal, income: PoolIncome) -> LpProfit:
    """The account from what holding and the pool are worth now, for any kind of pool.

    held, pooled: from `impermanent_loss`, `weighted_loss` or `range_outcome`.
    KnownError for amounts below zero, a deposit or time that is not above zero.
    """
    if deposit <= 0 or income.days <= 0:
        raise KnownError(
            "The deposit and the number of days must be above zero.", "Give other figures."
        )
    if min(held, pooled, income.fees, income.rewards, income.gas) < 0:
        raise KnownError(
            "Values, fees, rewards and gas cannot be below zero.", "Give them as costs."
        )
    loss = pooled - held
    earned = income.fees + income.rewards
    to_cover = max(income.gas - loss, Decimal(0))
    against_holding = loss + earned - income.gas
    days = _break_even(to_cover, earned / income.days)
    return LpProfit(
        deposit=deposit,
        held=held,
        pooled=pooled,
        loss=loss,
        income=earned,
        gas=income.gas,
        against_holding=against_holding,
        profit=pooled + earned - income.gas - deposit,
        apr=against_holding / deposit * DAYS_PER_YEAR / income.days,
        break_even_days=days,
        days_left=None if days is None else max(days - income.days, Decimal(0)),
        break_even_apr=to_cover / deposit * DAYS_PER_YEAR / income.days,
    )


def _break_even(to_cover: Decimal, per_day: Decimal) -> Decimal | None:
    if to_cover == 0:
        return Decimal(0)
    return to_cover / per_day if per_day > 0 else None
