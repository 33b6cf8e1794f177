"""Interest and compounding, in exact decimals.

rate: a yearly rate as a fraction (0.1 = 10 %). Compounded n times a year an amount grows by
(1 + rate / n) ** n a year, continuously by exp(rate).
"""

import decimal
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from engine.core.errors import KnownError
from engine.core.money import PRECISION

Compounding = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "hourly", "continuous"]
COMPOUNDINGS: tuple[Compounding, ...] = get_args(Compounding)

_TIMES: dict[Compounding, int] = {
    "yearly": 1,
    "quarterly": 4,
    "monthly": 12,
    "weekly": 52,
    "daily": 365,
    "hourly": 8760,
}
MAX_RATE = Decimal(10_000)
MAX_YEARS = Decimal(1_000)
_MAX_RESULT = Decimal("1e40")


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of an amount: final = amount + gain; factor = final / amount."""

    final: Decimal
    gain: Decimal
    factor: Decimal


def apr_to_apy(rate: Decimal, compounding: Compounding = "daily") -> Decimal:
    """The effective yearly yield of a nominal yearly rate, both as fractions.

    Raises KnownError for a rate that cannot be compounded.
    """
    return _factor(rate, Decimal(1), compounding) - 1


def compound_growth(
    amount: Decimal, rate: Decimal, years: Decimal, compounding: Compounding = "yearly"
) -> Growth:
    """An amount left at a yearly rate for a time in years; part years grow in proportion.

    Raises KnownError for an amount that is not above zero, a negative time or an absurd rate.
    """
    if amount <= 0:
        raise KnownError("The amount must be above zero.", "Give another amount.")
    if not 0 <= years <= MAX_YEARS:
        raise KnownError(
            f"The time must be between 0 and {MAX_YEARS:,} years.", "Give another time."
        )
    factor = _factor(rate, years, compounding)
    return Growth(amount * factor, amount * factor - amount, factor)


def _factor(rate: Decimal, years: Decimal, compounding: Compounding) -> Decimal:
    if not -1 < rate <= MAX_RATE:
        raise KnownError(
            f"The rate must be above -100 % and at most {MAX_RATE * 100:,} %.",
            "Give another rate.",
        )
    with decimal.localcontext() as context:
        context.prec = PRECISION
        context.traps[decimal.Overflow] = False  # infinity is refused below
        if compounding == "continuous":
            factor = (rate * years).exp()
        else:
            times = _TIMES[compounding]
            factor = (1 + rate / times) ** (times * years)
    if factor > _MAX_RESULT:
        raise KnownError(
            "The result is too large to mean anything.", "Give a lower rate or a shorter time."
        )
    return factor
