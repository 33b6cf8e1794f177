"""What is known about a place that pays a yield; the fields of DefiLlama's /pools fit in."""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class YieldOffer:
    """Rates a year as fractions, not compounded; money in the user's currency; None = unknown.

    base_apr: interest or trading fees. reward_apr: paid in a token of the project. mean_30d: of
    both together. tvl: all deposits. age_days: since the contract or pool exists. stable: only
    coins held to a currency. impermanent_loss: whether it can occur. lockup_days: until one may
    withdraw. fixed_costs, relative_costs: of going in and out again, together.
    KnownError for rates of -100 % or less, or negative amounts.
    """

    name: str
    base_apr: Decimal
    reward_apr: Decimal = Decimal(0)
    mean_30d: Decimal | None = None
    tvl: Decimal | None = None
    age_days: int | None = None
    audited: bool | None = None
    stable: bool | None = None
    impermanent_loss: bool | None = None
    lockup_days: int = 0
    fixed_costs: Decimal = Decimal(0)
    relative_costs: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.base_apr <= -1 or self.reward_apr < 0:
            raise KnownError(
                f"The rate of {self.name} must be above -100 % and its rewards not negative.",
                "Correct the rate.",
            )
        counts = (self.tvl or 0, self.age_days or 0, self.lockup_days, self.fixed_costs)
        if min(counts) < 0 or not 0 <= self.relative_costs < 1:
            raise KnownError(
                f"{self.name} has a negative amount, time or cost.", "Correct the entry."
            )
