"""Formats in which every row can be read by itself."""

from collections.abc import Callable, Iterable

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError
from engine.core.records import Transaction
from engine.ledger.importers.base import ACCOUNT_LENGTH, Reading

_DONE = frozenset(
    {
        "approved",
        "complete",
        "completed",
        "deal",
        "done",
        "part_deal",
        "processed",
        "succeeded",
        "success",
        "successful",
    }
)
_NOT_DONE = frozenset(
    {
        "canceled",
        "cancelled",
        "declined",
        "expired",
        "fail",
        "failed",
        "failure",
        "in progress",
        "pending",
        "processing",
        "refunded",
        "rejected",
        "waiting",
    }
)


class LeftOut(Exception):
    """A row that was understood and changes nothing; the message completes "left out: …"."""


def row_by_row(
    make: Callable[[Row, str], Iterable[Transaction]],
) -> Callable[[Iterable[Row | RefusedRow], str, Reading], None]:
    """The `read` of an importer from what one row says.

    make: the transactions of a row for the given account; raises FieldError for one that is
    refused and LeftOut for one that changes nothing.
    """

    def read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
        for row in readable(rows, reading):
            try:
                transactions = list(make(row, account))
            except LeftOut as why:
                reading.leave_out(str(why))
            except FieldError as error:
                reading.refuse([row], str(error))
            else:
                for transaction in transactions:
                    reading.take(row, transaction)

    return read


def readable(rows: Iterable[Row | RefusedRow], reading: Reading) -> Iterable[Row]:
    """The rows that could be split into fields; the others become refused, empty ones left out."""
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
        elif not any(field.strip() for field in row.fields.values()):
            reading.leave_out("empty rows")
        else:
            yield row


def named_account(text: str, default: str) -> str:
    """The account a row names; the default where it names none."""
    return clean_text(text, ACCOUNT_LENGTH) or default


def require_done(status: str) -> None:
    """Raises LeftOut for what was never carried out, FieldError for a status that is not known."""
    wanted = status.strip().lower()
    if wanted in _NOT_DONE:
        raise LeftOut("rows that were pending, cancelled or failed")
    if wanted not in _DONE:
        raise FieldError(
            f'the status "{clean_text(status, 40)}" is not known' if wanted else "no status"
        )


def unknown(what: str, text: str) -> FieldError:
    """The reason for a row whose kind is not known; what: "type", "operation" …"""
    shown = clean_text(text, 60)
    return FieldError(f'the {what} "{shown}" is not known' if shown else f"no {what}")
