"""Realised gains and income of a period, summed by asset."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.ledger.lotbook import LotBook


@dataclass(frozen=True, slots=True)
class Realised:
    """What was realised in one asset: gain = proceeds - cost; income is apart from the gain."""

    asset: str
    amount: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    income: Decimal


def realised(
    book: LotBook,
    start: date | None = None,
    end: date | None = None,
    asset: str | None = None,
    account: str | None = None,
) -> tuple[Realised, ...]:
    """Disposals and income from start to end (both included), one row per asset, by symbol."""
    totals: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)

    def wanted(day: date, item_asset: str, item_account: str) -> bool:
        return (
            (start is None or day >= start)
            and (end is None or day <= end)
            and asset in (None, item_asset)
            and account in (None, item_account)
        )

    for disposal in book.disposals:
        if wanted(disposal.time.date(), disposal.asset, disposal.account):
            row = totals[disposal.asset]
            row[0] += disposal.amount
            row[1] += disposal.proceeds
            row[2] += disposal.cost
    for income in book.income:
        if wanted(income.time.date(), income.asset, income.account):
            totals[income.asset][3] += income.value
    return tuple(
        Realised(name, amount, proceeds, cost, proceeds - cost, earned)
        for name, (amount, proceeds, cost, earned) in sorted(totals.items())
    )
