"""Checks the rows of a statement against the running balance the exchange itself states."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import clean_text
from engine.core.money import format_amount

_TOLERANCE = Decimal("1e-8")
"""The export rounds balances; a difference this small is rounding."""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One row's change of a pocket (asset and wallet) and the balance stated after it."""

    pocket: tuple[str, str]
    time: datetime
    change: Decimal
    balance: Decimal | None


def unexplained(rows: list[BalanceRow], source: str) -> Iterator[str]:
    """Sentences on balances that the rows do not explain; nothing if all agree.

    rows: in the order of the file, oldest or newest first. source: the exchange's name.
    """
    if rows and rows[0].time > rows[-1].time:
        rows = rows[::-1]
    pockets: dict[tuple[str, str], list[BalanceRow]] = defaultdict(list)
    for row in rows:
        pockets[row.pocket].append(row)
    for (asset, _), entries in sorted(pockets.items()):
        name = clean_text(asset, 20)
        stated = [(entry.balance, entry.change) for entry in entries]
        known = [(balance, change) for balance, change in stated if balance is not None]
        if len(known) < len(stated):
            continue
        opening = known[0][0] - known[0][1]
        closing = known[-1][0]
        total = sum((change for _, change in known), Decimal(0))
        tolerance = _TOLERANCE * len(known)
        if abs(opening) > tolerance:
            yield (
                f"{name} starts with a balance of {format_amount(opening)}: "
                "rows from before this file are missing."
            )
        if abs(opening + total - closing) > tolerance:
            yield (
                f"The rows of {name} add up to {format_amount(opening + total)}, but {source}'s "
                f"balance is {format_amount(closing)}: some rows are missing."
            )
