"""How a Uniswap v3 range would have done on a series of prices, in float64.

Fees: a position over all prices with liquidity L is worth 2 L sqrt(P) and earns `fee_apr` of that a
year; a range with the same L earns the same while the price is inside it and nothing outside. The
price is taken to move evenly, in logarithms, from one close to the next; a part of a day's way
inside the range earns that part of the day's fees. The position is small against the pool.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np

from engine.analytics.defi.concentrated import PriceRange
from engine.analytics.returns import Floats
from engine.analytics.risk import DAYS_PER_YEAR
from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Plan:
    """How the position is run; money in the second coin.

    fee_apr: the yearly fees of a position over all prices, a fraction (volume a year * fee /
    pool's value). gas: of each opening, move and closing. recentre: move the range with the same
    shape around the price whenever a close is outside it. swap_cost: fraction lost on what a move
    has to exchange.
    """

    deposit: float
    fee_apr: float
    gas: float = 0.0
    recentre: bool = False
    swap_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class RangeBackTest:
    """The result at the last close, money in the second coin.

    start, end: first and last day, n: closes. final: position and fees less all costs; fees are
    kept aside. held: the coins put in, had they been kept. pooled: the position alone.
    fees, gas, swap_costs: in total. against_holding = final / held - 1.
    in_range: share of the time. moves: how often the range was moved. values, holding: of each
    day: the position with fees less costs so far, the last of them final, and the coins kept.
    """

    start: date
    end: date
    n: int
    final: float
    held: float
    pooled: float
    fees: float
    gas: float
    swap_costs: float
    against_holding: float
    in_range: float
    moves: int
    values: Floats
    holding: Floats


def back_test(
    days: Sequence[date], closes: Floats, limits: PriceRange, plan: Plan
) -> RangeBackTest:
    """Open at the first close, close at the last.

    closes: price of the first coin in the second, one for each of the days, which ascend.
    KnownError with fewer than two closes, one not above zero, or a plan that makes no sense.
    """
    _check(days, closes, plan)
    low, high = float(limits.low), float(limits.high)
    shape = (low / closes[0], high / closes[0])
    liquidity = plan.deposit / _worth(1.0, closes[0], low, high)
    x, y = _coins(liquidity, closes[0], low, high)
    holding = x * closes + y
    values = np.empty(len(closes))
    values[0] = plan.deposit - plan.gas
    fees = swaps = inside_days = 0.0
    gas, moves = plan.gas, 0
    for i in range(1, len(closes)):
        before, now = float(closes[i - 1]), float(closes[i])
        span = (days[i] - days[i - 1]).days
        inside = _share_inside(before, now, low, high) * span
        inside_days += inside
        full_range = liquidity * (math.sqrt(before) + math.sqrt(now))
        fees += full_range * plan.fee_apr / DAYS_PER_YEAR * inside
        pooled = _worth(liquidity, now, low, high)
        if plan.recentre and not low <= now <= high and i < len(closes) - 1:
            low, high = shape[0] * now, shape[1] * now
            bought = _worth(1.0, now, low, high)
            share = _coins(1.0, now, low, high)[0] * now / bought
            # Outside the range the position is all in one coin; the other's share is exchanged.
            exchanged = share if now > before else 1 - share
            swaps += pooled * exchanged * plan.swap_cost
            pooled *= 1 - exchanged * plan.swap_cost
            liquidity = pooled / bought
            gas += plan.gas
            moves += 1
        values[i] = pooled + fees - gas
    gas += plan.gas
    values[-1] -= plan.gas
    final = float(values[-1])
    return RangeBackTest(
        start=days[0], end=days[-1], n=len(closes), final=final, held=float(holding[-1]),
        pooled=_worth(liquidity, float(closes[-1]), low, high), fees=fees, gas=gas,
        swap_costs=swaps, against_holding=final / float(holding[-1]) - 1,
        in_range=inside_days / (days[-1] - days[0]).days, moves=moves, values=values,
        holding=holding,
    )  # fmt: skip


def compare_widths(
    days: Sequence[date], closes: Floats, widths: Sequence[float], plan: Plan
) -> tuple[tuple[float, RangeBackTest], ...]:
    """The same plan for ranges [first close / width, first close * width], in the given order.

    KnownError for a width that is not above 1, or for what `back_test` refuses.
    """
    _check(days, closes, plan)
    if any(not 1 < width < math.inf for width in widths):
        raise KnownError(
            "The width of a range must be above 1.", "2 means half to double the price."
        )
    return tuple(
        (width, back_test(days, closes, _around(closes[0], width), plan)) for width in widths
    )


def _coins(liquidity: float, price: float, low: float, high: float) -> tuple[float, float]:
    root = math.sqrt(min(max(price, low), high))
    return liquidity * (1 / root - 1 / math.sqrt(high)), liquidity * (root - math.sqrt(low))


def _worth(liquidity: float, price: float, low: float, high: float) -> float:
    x, y = _coins(liquidity, price, low, high)
    return x * price + y


def _share_inside(before: float, now: float, low: float, high: float) -> float:
    """The part of the way between two closes, in logarithms, that lies in the range."""
    bottom, top = min(before, now), max(before, now)
    way = math.log(top) - math.log(bottom)
    if way == 0.0:  # also for prices too close to differ in logarithms
        return float(low <= now <= high)
    inside = math.log(min(top, high)) - math.log(max(bottom, low))
    return min(max(inside, 0.0) / way, 1.0)


def _around(price: float, width: float) -> PriceRange:
    centre = Decimal(repr(float(price)))
    factor = Decimal(repr(float(width)))
    return PriceRange(centre / factor, centre * factor)


def _check(days: Sequence[date], closes: Floats, plan: Plan) -> None:
    if len(closes) < 2 or len(days) != len(closes):
        raise KnownError(
            "There are too few prices to test a range on.",
            "Choose a longer period or import more prices.",
        )
    if not np.all(np.isfinite(closes)) or np.min(closes) <= 0:
        raise KnownError("A price in this period is not above zero.", "Correct the price series.")
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise KnownError("The prices are not in order of days.", "Sort the price series.")
    costs = (plan.gas, plan.swap_cost, plan.fee_apr)
    if not plan.deposit > 0 or min(costs) < 0 or plan.swap_cost >= 1:
        raise KnownError(
            "The deposit must be above zero, fees and costs not below, and a swap cannot cost all.",
            "Give other figures.",
        )
