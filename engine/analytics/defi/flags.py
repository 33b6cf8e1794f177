"""What speaks against a yield, each with its reason; what is not known is said as well."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.analytics.defi.offers import YieldOffer
from engine.core.money import format_amount, format_percent

Weight = Literal["serious", "notice", "unknown"]
_ORDER: tuple[Weight, ...] = ("serious", "notice", "unknown")

EXTREME_APR = Decimal(1)
HIGH_APR = Decimal("0.3")
HIGH_STABLE_APR = Decimal("0.15")
SMALL_TVL = Decimal(1_000_000)
LARGE_SHARE = Decimal("0.01")
NEW_DAYS, YOUNG_DAYS = 30, 180
SPIKE = 2


@dataclass(frozen=True, slots=True)
class RiskFlag:
    """kind: a short stable name; weight: how grave; reason: one sentence with the figure."""

    kind: str
    weight: Weight
    reason: str


def risk_flags(
    offer: YieldOffer, amount: Decimal, days: Decimal, gain: Decimal
) -> tuple[RiskFlag, ...]:
    """The flags of an offer for an amount held for some days with that gain, the gravest first."""
    found = [*_rate(offer), *_place(offer, amount), *_terms(offer, days, gain)]
    return tuple(sorted(found, key=lambda flag: _ORDER.index(flag.weight)))


def _rate(offer: YieldOffer) -> list[RiskFlag]:
    apr = offer.base_apr + offer.reward_apr
    shown = format_percent(apr)
    flags = []
    if apr > EXTREME_APR:
        flags.append(RiskFlag("rate", "serious", f"{shown} a year is rarely kept up for long."))
    elif offer.stable and apr > HIGH_STABLE_APR:
        flags.append(
            RiskFlag("rate", "serious", f"{shown} a year on stablecoins is far above usual.")
        )
    elif apr > HIGH_APR:
        flags.append(
            RiskFlag("rate", "notice", f"{shown} a year is high; ask where it comes from.")
        )
    if apr > 0 and offer.reward_apr / apr > Decimal("0.5"):
        part = format_percent(offer.reward_apr / apr, 0)
        reason = f"{part} of the rate is paid in a reward token whose price can fall."
        flags.append(RiskFlag("rewards", "notice", reason))
    if offer.mean_30d is not None and 0 < offer.mean_30d * SPIKE < apr:
        reason = f"The rate is {shown} now but {format_percent(offer.mean_30d)} over 30 days."
        flags.append(RiskFlag("spike", "notice", reason))
    return flags


def _place(offer: YieldOffer, amount: Decimal) -> list[RiskFlag]:
    flags = []
    if offer.tvl is None:
        flags.append(RiskFlag("size", "unknown", "The deposits of the pool are not known."))
    elif offer.tvl < SMALL_TVL:
        reason = f"Only {format_amount(offer.tvl)} is deposited."
        flags.append(RiskFlag("size", "serious", reason))
    if offer.tvl is not None and amount > LARGE_SHARE * offer.tvl:
        reason = (
            "Your deposit would be over 1 % of the pool: it lowers the rate and is slow to leave."
        )
        flags.append(RiskFlag("share", "notice", reason))
    if offer.age_days is None:
        flags.append(RiskFlag("age", "unknown", "How long it has existed is not known."))
    elif offer.age_days < YOUNG_DAYS:
        weight: Weight = "serious" if offer.age_days < NEW_DAYS else "notice"
        flags.append(RiskFlag("age", weight, f"It is only {offer.age_days} days old."))
    if offer.audited is None:
        flags.append(RiskFlag("audit", "unknown", "Whether it was audited is not known."))
    elif not offer.audited:
        flags.append(RiskFlag("audit", "serious", "It was not audited."))
    if offer.impermanent_loss is None:
        reason = "Whether impermanent loss can occur is not known."
        flags.append(RiskFlag("impermanent_loss", "unknown", reason))
    elif offer.impermanent_loss:
        reason = "Impermanent loss can take more than the yield; it is not in these figures."
        flags.append(RiskFlag("impermanent_loss", "notice", reason))
    return flags


def _terms(offer: YieldOffer, days: Decimal, gain: Decimal) -> list[RiskFlag]:
    flags = []
    if offer.lockup_days > days:
        reason = f"Withdrawal is closed for {offer.lockup_days} days, longer than you plan."
        flags.append(RiskFlag("lockup", "serious", reason))
    elif offer.lockup_days:
        reason = f"Withdrawal is closed for {offer.lockup_days} days."
        flags.append(RiskFlag("lockup", "notice", reason))
    if gain < 0:
        reason = "Over this time it earns less than it costs."
        flags.append(RiskFlag("costs", "serious", reason))
    return flags
