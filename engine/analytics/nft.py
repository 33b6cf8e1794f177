"""What an NFT could sell for: a range from sales of its collection, never one certain price.

All in logarithms. The level of the collection at a moment is the median of the latest sales before
it, each weighing half as much per LEVEL_HALF_LIFE_DAYS of age. A sale's premium is its price over
the level of its moment. An item is worth the level times a premium: its own at its last sale,
fading with age, mixed with that of its traits, which is the mean over its traits of the median
premium of their latest sales, shrunk towards none where they are few.
"""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from engine.analytics.returns import Floats
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_percent

LEVEL_SALES = 200
LEVEL_HALF_LIFE_DAYS = 3.0
TRAIT_SALES = 60
TRAIT_PRIOR_SALES = 20
OWN_WEIGHT = 0.5
OWN_HALF_LIFE_DAYS = 200.0
MIN_SALES = 10
COVERAGE = 0.8
LIQUID_SALES_30D = 10
_GIFT = math.log(1 / 20)  # a sale under a twentieth of the level is a gift or a mistake
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale of one item of the collection; price in the collection's currency, time in UTC."""

    item: str
    time: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class SaleHistory:
    """Sales in order of time, as arrays; `prepare` makes it once for any number of valuations.

    times: days since 1970. logs: natural logarithm of the price. levels: that of the collection's
    level just before each sale, NaN for the first MIN_SALES. by_item, by_trait: positions.
    ignored: sales without a price above zero.
    """

    times: Floats
    logs: Floats
    levels: Floats
    by_item: Mapping[str, list[int]]
    by_trait: Mapping[str, list[int]]
    traits: Mapping[str, frozenset[str]]
    ignored: int
    days: list[float] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NftValue:
    """The range of one item, prices in the collection's currency.

    low, high: four of five sales fell between them, back-tested; mid: the middle estimate.
    level: the collection's median at the moment; observed_floor: the 10 % quantile of its sales
    of the last 30 days, None without any. last_sale, last_sale_days: of the item, None without a
    sale to go by. trait_premium: a factor, None without known traits. sales_30d: of the
    collection. method: how it was computed, in sentences; warnings: what makes it doubtful.
    """

    low: Decimal
    mid: Decimal
    high: Decimal
    level: Decimal
    observed_floor: Decimal | None
    last_sale: Decimal | None
    last_sale_days: float | None
    trait_premium: float | None
    sales_30d: int
    method: str
    warnings: tuple[str, ...]


def prepare(
    sales: Sequence[Sale], traits: Mapping[str, frozenset[str]] | None = None
) -> SaleHistory:
    """Sort the sales, drop those without a price, and compute the level before each.

    traits: of every item of the collection, if known.
    """
    known = traits or {}
    kept = sorted((sale for sale in sales if sale.price > 0), key=lambda s: (s.time, s.item))
    times = np.array([sale.time.timestamp() / _DAY for sale in kept], dtype=np.float64)
    logs = np.array([math.log(sale.price) for sale in kept], dtype=np.float64)
    levels = np.full(len(kept), np.nan)
    by_item: dict[str, list[int]] = {}
    by_trait: dict[str, list[int]] = {}
    for i, sale in enumerate(kept):
        if i >= MIN_SALES:
            levels[i] = _level(times[:i], logs[:i], times[i])
            for trait in known.get(sale.item, ()):
                by_trait.setdefault(trait, []).append(i)
        by_item.setdefault(sale.item, []).append(i)
    ignored = len(sales) - len(kept)
    return SaleHistory(times, logs, levels, by_item, by_trait, known, ignored, times.tolist())


def value(history: SaleHistory, item: str, on: datetime, floor: Decimal | None = None) -> NftValue:
    """The range of what `item` would sell for at `on`, from sales strictly before.

    floor: the lowest price now asked for any item, if known. It pulls the low end down to it, and
    caps the middle of an item about which neither a sale nor traits say anything.
    KnownError with fewer than MIN_SALES sales before, or a floor that is not above zero.
    """
    if floor is not None and floor <= 0:
        raise KnownError("The floor price must be above zero.", "Leave it out if it is not known.")
    day = on.astimezone(UTC).timestamp() / _DAY
    count = bisect.bisect_left(history.days, day)
    if count < MIN_SALES:
        raise KnownError(
            f"There are {count} sales of this collection before this day; a range needs "
            f"{MIN_SALES}.",
            "Import more sales of the collection.",
        )
    level = _level(history.times[:count], history.logs[:count], day)
    trait = _trait_premium(history, item, count)
    own = _own_sale(history, item, count)
    premium = trait or 0.0
    age = None
    if own is not None:
        age = day - history.times[own]
        weight = OWN_WEIGHT * 0.5 ** (age / OWN_HALF_LIFE_DAYS)
        premium += weight * (history.logs[own] - history.levels[own] - premium)
    month = history.logs[bisect.bisect_left(history.days, day - 30) : count]
    down, up = _spread(history, count, len(month))
    ask = math.log(floor) if floor is not None else math.inf
    mid = level + premium
    if own is None and trait is None:
        mid = min(mid, ask)
    last = None if own is None else _price(history.logs[own])
    return NftValue(
        low=_price(min(mid + down, ask)),
        mid=_price(mid),
        high=_price(mid + up),
        level=_price(level),
        observed_floor=_price(float(np.quantile(month, 0.1))) if len(month) else None,
        last_sale=last,
        last_sale_days=age,
        trait_premium=None if trait is None else math.exp(trait),
        sales_30d=len(month),
        method=_method(count, level, last, age, trait, floor),
        warnings=_warnings(len(month), own, trait),
    )


def _level(times: Floats, logs: Floats, day: float) -> float:
    """Weighted median of the latest log prices: the first whose share of the weight is half."""
    recent = logs[-LEVEL_SALES:]
    age = (day - times[-LEVEL_SALES:]) / LEVEL_HALF_LIFE_DAYS
    weights = 0.5 ** (age - age[-1])  # relative to the newest, so that old sales do not vanish
    order = np.argsort(recent, kind="stable")
    share = np.cumsum(weights[order])
    return float(recent[order[np.searchsorted(share, share[-1] / 2)]])


def _own_sale(history: SaleHistory, item: str, count: int) -> int | None:
    """The position of the item's latest sale that was no gift and had a level to compare with."""
    for i in reversed(history.by_item.get(item, [])):
        if i < count and history.logs[i] - history.levels[i] >= _GIFT:  # false for NaN
            return i
    return None


def _trait_premium(history: SaleHistory, item: str, count: int) -> float | None:
    premiums = []
    for trait in sorted(history.traits.get(item, ())):
        positions = history.by_trait.get(trait, [])
        latest = positions[: bisect.bisect_left(positions, count)][-TRAIT_SALES:]
        n = len(latest)
        middle = float(np.median(history.logs[latest] - history.levels[latest])) if n else 0.0
        premiums.append(middle * n / (n + TRAIT_PRIOR_SALES))
    return sum(premiums) / len(premiums) if premiums else None


def _spread(history: SaleHistory, count: int, sales_30d: int) -> tuple[float, float]:
    """How far below and above the estimate to go, from the premiums of the latest sales.

    Wider by sqrt(LIQUID_SALES_30D / n) where the last 30 days had n sales, fewer than that.
    """
    recent = slice(max(MIN_SALES, count - LEVEL_SALES), count)
    premiums = history.logs[recent] - history.levels[recent]
    if len(premiums) < MIN_SALES:
        premiums = history.logs[:count] - np.median(history.logs[:count])
    tail = (1 - COVERAGE) / 2
    down, up = np.quantile(premiums, [tail, 1 - tail])
    wider = math.sqrt(max(1.0, LIQUID_SALES_30D / max(sales_30d, 1)))
    return min(float(down), 0.0) * wider, max(float(up), 0.0) * wider


def _price(log: float) -> Decimal:
    """Six significant digits: more would pretend to a precision an estimate does not have."""
    return Decimal(f"{math.exp(log):.6g}")


def _method(
    count: int, level: float, last: Decimal | None, age: float | None,
    trait: float | None, floor: Decimal | None,
) -> str:  # fmt: skip
    used = min(count, LEVEL_SALES)
    text = f"Level {format_amount(_price(level))}: median of the latest {used} sales, "
    parts = [text + f"half weight per {LEVEL_HALF_LIFE_DAYS:.0f} days of age."]
    if trait is not None:
        parts.append(
            f"Traits: {format_percent(math.exp(trait) - 1, 0, sign=True)} against the level, the "
            f"mean of the traits' median premiums over their latest {TRAIT_SALES} sales."
        )
    if last is not None and age is not None:
        weight = OWN_WEIGHT * 0.5 ** (age / OWN_HALF_LIFE_DAYS)
        parts.append(
            f"Last sale {format_amount(last)}, {age:.0f} days ago: its premium then counts for "
            f"{format_percent(weight, 0)}."
        )
    if floor is not None:
        parts.append(f"Lowest price asked now: {format_amount(floor)}.")
    parts.append(
        f"Range: the spread of the latest sales around the level that holds "
        f"{format_percent(COVERAGE, 0)} of them, wider when few items sell."
    )
    return " ".join(parts)


def _warnings(sales_30d: int, own: int | None, trait: float | None) -> tuple[str, ...]:
    warnings = []
    if sales_30d < LIQUID_SALES_30D:
        warnings.append(
            f"Only {sales_30d} items of this collection sold in the last 30 days; "
            "a sale could take long or fetch much less."
        )
    if own is None and trait is None:
        warnings.append("Neither a sale of this item nor its traits are known.")
    return tuple(warnings)
