"""A transaction the user has typed, held to the same rules as a row of a file."""

from dataclasses import replace
from datetime import datetime

from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time
from engine.core.records import Transaction
from engine.ledger.export import fields_of
from engine.ledger.importers.generic import GENERIC, read_transaction


def checked(transaction: Transaction, now: datetime) -> Transaction:
    """The transaction as importing it would give it: texts cleaned, the kind made to fit its sides.

    now: later days are refused. Raises KnownError with the reason.
    """
    fields = {name.replace("_", " "): text for name, text in _texts(transaction).items()}
    try:
        read = read_transaction(fields, GENERIC.account)
        check_time(read.time, now)
    except FieldError as error:
        raise KnownError(f"This transaction cannot be stored: {error}.") from error
    return replace(
        read, id=transaction.id, batch_id=transaction.batch_id, row_hash=transaction.row_hash
    )


def _texts(transaction: Transaction) -> dict[str, str]:
    try:
        return fields_of(transaction)
    except ValueError as error:  # an amount that is no finite number
        raise KnownError("This transaction cannot be stored: an amount is not a number.") from error
