"""Transactions written in Assay's own CSV format, so that importing them gives the same again."""

import csv
from collections.abc import Sequence
from pathlib import Path

from engine.core.files import new_text_file
from engine.core.formulas import guarded
from engine.core.money import to_text
from engine.core.records import Transaction
from engine.core.steps import Step, unwatched
from engine.ledger.importers.generic import COLUMNS

_STEP_ROWS = 1_000


def export_transactions(
    path: Path, transactions: Sequence[Transaction], step: Step = unwatched
) -> None:
    """Write a new file with the transactions by time.

    step: told how far it is; what it raises ends the writing, and there is no file then. Raises
    KnownError if there is a file of that name or it cannot be written.
    """
    with new_text_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        ordered = sorted(transactions, key=lambda t: t.time)
        for number, t in enumerate(ordered):
            if number % _STEP_ROWS == 0:
                step(number / len(ordered), f"{number:,} of {len(ordered):,} rows written")
            writer.writerow(fields_of(t).values())


def fields_of(t: Transaction) -> dict[str, str]:
    """The texts of a transaction by column, in the order of COLUMNS."""
    texts = (
        # Not by a format, which would write the year 1 without its zeros.
        t.time.isoformat(" ", "seconds").removesuffix("+00:00"),
        t.kind,
        guarded(t.account),
        t.asset_in or "",
        to_text(t.amount_in) if t.asset_in else "",
        t.asset_out or "",
        to_text(t.amount_out) if t.asset_out else "",
        t.fee_asset or "",
        to_text(t.fee_amount) if t.fee_asset else "",
        guarded(t.to_account or ""),
        "" if t.value is None else to_text(t.value),
        t.value_currency or "",
        t.income_kind,
        guarded(t.tag),
        guarded(t.note),
        t.row_hash,
    )
    return dict(zip(COLUMNS, texts, strict=True))
