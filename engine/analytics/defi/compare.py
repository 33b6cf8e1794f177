"""Yields side by side: what an amount earns after costs, and what speaks against each."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.analytics.defi.flags import RiskFlag, risk_flags
from engine.analytics.defi.offers import YieldOffer
from engine.analytics.yields import Compounding, apr_to_apy, compound_growth
from engine.core.errors import KnownError

DAYS_PER_YEAR = Decimal(365)
Order = Literal["gain", "risk"]


@dataclass(frozen=True, slots=True)
class ComparedYield:
    """One offer for one amount and time; money in the currency of the amount.

    apy: base rate compounded. reward_apr: not compounded unless asked for. total: apy + reward_apr.
    earned: base and rewards over the time. costs: entry and exit. gain = earned - costs.
    net_apr: gain a year as a fraction of the amount, not compounded. break_even_days: until the
    costs are earned, at the simple rate; None if nothing is earned. flags: the gravest first.
    """

    offer: YieldOffer
    apy: Decimal
    reward_apr: Decimal
    total: Decimal
    earned: Decimal
    costs: Decimal
    gain: Decimal
    net_apr: Decimal
    break_even_days: Decimal | None
    flags: tuple[RiskFlag, ...]

    @property
    def serious(self) -> int:
        """How many serious flags there are."""
        return sum(flag.weight == "serious" for flag in self.flags)


def compare_yields(
    offers: Sequence[YieldOffer],
    amount: Decimal,
    days: Decimal,
    compounding: Compounding = "daily",
    reinvest_rewards: bool = False,
    order: Order = "gain",
) -> tuple[ComparedYield, ...]:
    """Every offer for the same amount and time, in days.

    reinvest_rewards: rewards are sold and compounded like the base rate; only if the user does so.
    order: "gain" = the highest gain first; "risk" = the fewest serious flags, then flags, first.
    KnownError for no offers, an amount or time not above zero, or rates that cannot be compounded.
    """
    if not offers:
        raise KnownError("There are no yields to compare.", "Import pools or enter rates.")
    if amount <= 0 or days <= 0:
        raise KnownError("The amount and the days must be above zero.", "Give other figures.")
    rows = [_row(offer, amount, days, compounding, reinvest_rewards) for offer in offers]
    if order == "gain":
        return tuple(sorted(rows, key=lambda row: (-row.gain, row.offer.name)))
    return tuple(sorted(rows, key=lambda r: (r.serious, len(r.flags), -r.gain, r.offer.name)))


def _row(
    offer: YieldOffer, amount: Decimal, days: Decimal, compounding: Compounding, reinvest: bool
) -> ComparedYield:
    years = days / DAYS_PER_YEAR
    compounded = offer.base_apr + offer.reward_apr if reinvest else offer.base_apr
    simple = Decimal(0) if reinvest else offer.reward_apr
    costs = offer.fixed_costs + offer.relative_costs * amount
    put_in = amount - costs
    if put_in > 0:
        earned = compound_growth(put_in, compounded, years, compounding).gain
        earned += put_in * simple * years
    else:
        earned = Decimal(0)
    gain = earned - costs
    apy = apr_to_apy(compounded, compounding)
    per_day = max(put_in, Decimal(0)) * (offer.base_apr + offer.reward_apr) / DAYS_PER_YEAR
    break_even = costs / per_day if per_day > 0 else (None if costs else Decimal(0))
    return ComparedYield(
        offer=offer,
        apy=apy,
        reward_apr=simple,
        total=apy + simple,
        earned=earned,
        costs=costs,
        gain=gain,
        net_apr=gain / amount / years,
        break_even_days=break_even,
        flags=risk_flags(offer, amount, days, gain),
    )
