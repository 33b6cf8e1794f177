"""Statements with one row for each change of a balance: the rows of one order are one trade."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import FieldError
from engine.ledger.importers.base import Reading, build, exchange

Change = tuple[str, Decimal]
"""An asset and by how much its balance rose, or fell if below zero."""


def take_exchange(
    rows: list[Row],
    what: tuple[datetime, str, str],
    changes: Iterable[Change],
    fees: Iterable[Change],
    reading: Reading,
) -> None:
    """Rows of one order as one buy, sell or trade; refused together if they are none.

    what: time, account and note. changes: without the fees. fees: above zero where paid; a second
    asset's fee becomes a row of its own.
    """
    time, account, note = what
    totals = _sums(changes)
    received = [(asset, total) for asset, total in totals.items() if total > 0]
    sent = [(asset, -total) for asset, total in totals.items() if total < 0]
    paid = [(asset, fee) for asset, fee in _sums(fees).items() if fee]
    try:
        if not received or not sent:
            raise FieldError("the other half of this trade is not in the file")
        if len(received) > 1 or len(sent) > 1:
            raise FieldError(
                "several coins were exchanged at once; what each fetched is not stated"
            )
        if any(fee < 0 for _, fee in paid):
            raise FieldError("the fee is negative")
        trade = exchange(
            time, account, received[0], sent[0], fee=paid[0] if paid else None, note=note
        )
    except FieldError as error:
        reading.refuse(rows, str(error))
        return
    reading.take(rows[0], trade)
    for fee in paid[1:]:
        reading.take(rows[0], build(time, "fee", account, sent=fee, note="trading fee"))


def _sums(changes: Iterable[Change]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for asset, change in changes:
        sums[asset] += change
    return sums
