"""Imported transactions and the batches they came in."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlite_utils
from sqlcipher3 import dbapi2

from engine.core.errors import KnownError
from engine.core.garbage import no_collection
from engine.core.money import to_text
from engine.core.records import Transaction
from engine.core.steps import Step, unwatched
from engine.store import batches, codec
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.rules import forget_demo
from engine.store.statements import counted, insert_many

COLUMNS = (
    "batch_id",
    "time",
    "kind",
    "account",
    "to_account",
    "asset_in",
    "amount_in",
    "asset_out",
    "amount_out",
    "fee_asset",
    "fee_amount",
    "value",
    "value_currency",
    "note",
    "row_hash",
    "income_kind",
    "tag",
)


class TransactionRepo:
    """Stores, lists and undoes imports of transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_batch(
        self,
        source: str,
        file_name: str,
        file_hash: str,
        rows: Sequence[Transaction],
        simulated: bool,
        replace_simulated: bool = False,
        step: Step = unwatched,
    ) -> int:
        """Store one import wholly or not at all; returns the id of the batch.

        replace_simulated: delete all that is simulated in the same step, as delete_simulated does.
        step: told on the store thread how far it is.
        Raises KnownError if there are no rows, or a row_hash is there twice or already stored.
        """
        if not rows:
            raise KnownError("There are no new rows to store.")

        def add(db: sqlite_utils.Database) -> int:
            if replace_simulated:
                _delete_simulated(db)
            batch_id = batches.add(
                db, "transactions", source, file_name, file_hash, self._db.clock.now(), simulated
            )
            try:
                values = (to_columns(one, batch_id) for one in counted(rows, step))
                insert_many(db, "transactions", COLUMNS, values)
            except dbapi2.IntegrityError as error:
                if "row_hash" not in str(error):
                    raise
                raise KnownError(
                    "Some of these rows are already stored, so nothing was added.",
                    "Open the file again to see which rows are new.",
                ) from error
            return batch_id

        return self._db.run(add)

    def all(self, simulated: bool | None = None) -> list[Transaction]:
        """All transactions by time; only real (False) or only simulated (True) ones if asked."""
        sql = (
            f"SELECT t.id, t.{', t.'.join(COLUMNS)} "
            "FROM transactions t JOIN batches b ON b.id = t.batch_id "
            "WHERE NOT t.deleted AND (:simulated IS NULL OR b.simulated = :simulated) "
            "ORDER BY t.time, t.id"
        )
        with no_collection():
            return self._db.run(
                lambda db: [from_row(row) for row in db.execute(sql, {"simulated": simulated})]
            )

    def existing_hashes(self, hashes: Iterable[str]) -> set[str]:
        """Those of the given row hashes that are already stored."""
        wanted = json.dumps(list(hashes))
        return self._db.run(
            lambda db: {
                row["row_hash"]
                for row in db.query(
                    "SELECT row_hash FROM transactions "
                    "WHERE row_hash IN (SELECT value FROM json_each(?))",
                    [wanted],
                )
            }
        )

    def import_of(self, file_hash: str) -> int | None:
        """The number of the last real import of a file of this content, if there is one."""
        sql = "SELECT max(id) FROM batches WHERE file_hash = ? AND simulated = 0"
        found: int | None = self._db.run(lambda db: db.execute(sql, [file_hash]).fetchone()[0])
        return found

    def batches(self) -> list[Batch]:
        """All imports of transactions, newest first."""
        return self._db.run(lambda db: batches.listed(db, "transactions"))

    def undo(self, batch_id: int) -> None:
        """Delete one import with its rows; KnownError if there is no such import."""
        self._db.run(lambda db: batches.remove(db, "transactions", batch_id))

    def delete_simulated(self) -> None:
        """Delete everything that came in simulated imports, prices too, and the alerts on it."""
        self._db.run(_delete_simulated)


def _delete_simulated(db: sqlite_utils.Database) -> None:
    forget_demo(db)
    db.execute("DELETE FROM batches WHERE simulated = 1")


def to_columns(transaction: Transaction, batch_id: int) -> tuple[object, ...]:
    """What is stored of a transaction, in the order of COLUMNS."""
    t = transaction
    return (
        batch_id,
        codec.time_text(t.time),
        t.kind,
        t.account,
        t.to_account,
        t.asset_in,
        to_text(t.amount_in),
        t.asset_out,
        to_text(t.amount_out),
        t.fee_asset,
        to_text(t.fee_amount),
        codec.amount_text(t.value),
        t.value_currency,
        t.note,
        t.row_hash,
        t.income_kind,
        t.tag,
    )


def from_row(row: Sequence[Any]) -> Transaction:
    """The transaction of a stored row: its id, then the values of COLUMNS in their order."""
    (
        row_id, batch_id, time, kind, account, to_account, asset_in, amount_in, asset_out,
        amount_out, fee_asset, fee_amount, value, value_currency, note, row_hash, income_kind, tag,
    ) = row  # fmt: skip
    # By position: names take a fifth of the time, and long ledgers have a million rows.
    return Transaction(
        codec.time(time),
        kind,
        account,
        asset_in,
        Decimal(amount_in),
        asset_out,
        Decimal(amount_out),
        fee_asset,
        Decimal(fee_amount),
        codec.amount(value),
        value_currency,
        note,
        row_hash,
        row_id,
        batch_id,
        to_account,
        income_kind,
        tag,
    )
