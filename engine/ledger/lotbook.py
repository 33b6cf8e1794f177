"""What a cost-basis method comes to: the lots still held, the disposals and the income."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from engine.ledger.gaps import Gap

Rule = Literal["lot", "average", "same day", "30 days", "pool"]
"""Where a disposal's cost is from: one lot, the average of all, or the three UK matching rules."""


class Lot(NamedTuple):  # as Disposal
    """Coins held that were acquired together; unit_cost is None if what they cost is unknown.

    account is "" where lots are not kept by account.
    """

    asset: str
    account: str
    time: datetime
    amount: Decimal
    unit_cost: Decimal | None


class Disposal(NamedTuple):  # made by the million: a frozen dataclass takes thrice the time
    """Part of a lot that was given away: gain = proceeds - cost; acquired = when it was bought.

    acquired is None for coins of a UK pool, which have no date of their own.
    """

    asset: str
    account: str
    time: datetime
    amount: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    acquired: datetime | None
    rule: Rule = "lot"


@dataclass(frozen=True, slots=True)
class Income:
    """Coins, or interest in money, received as a reward, and their market value then.

    kind: one of INCOME_KINDS.
    """

    asset: str
    account: str
    time: datetime
    amount: Decimal
    value: Decimal
    kind: str = ""


@dataclass(frozen=True, slots=True)
class LotBook:
    """The outcome; `missing` holds one sentence for each thing that could not be computed."""

    open: tuple[Lot, ...]
    disposals: tuple[Disposal, ...]
    income: tuple[Income, ...]
    missing: tuple[Gap, ...]
