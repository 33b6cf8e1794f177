"""Sales of NFTs and the imports they came in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlite_utils
from sqlcipher3 import dbapi2

from engine.core.errors import KnownError
from engine.core.money import to_text
from engine.core.steps import Step, unwatched
from engine.store import batches, codec
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.statements import counted, insert_many

_COLUMNS = (
    "batch_id",
    "collection",
    "token",
    "time",
    "price",
    "currency",
    "traits",
    "row_hash",
)


@dataclass(frozen=True, slots=True)
class NftSale:
    """One sale of one item: token is its number or name, price in currency, time in UTC.

    traits: (kind, value) pairs of the item as far as the row tells. row_hash identifies the row.
    """

    collection: str
    token: str
    time: datetime
    price: Decimal
    currency: str
    traits: tuple[tuple[str, str], ...] = ()
    row_hash: str = ""


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """The stored sales of a collection in one currency: how many, of how many items, and when."""

    collection: str
    currency: str
    sales: int
    items: int
    first: datetime
    last: datetime


class NftSaleRepo:
    """Stores, lists and undoes imports of NFT sales."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_batch(
        self,
        source: str,
        file_name: str,
        rows: Sequence[NftSale],
        file_hash: str = "",
        step: Step = unwatched,
    ) -> int:
        """Store one import wholly or not at all; returns its id.

        Raises KnownError if there are no rows, or a row_hash is there twice or already stored.
        """
        if not rows:
            raise KnownError("There are no sales to store.")

        def add(db: sqlite_utils.Database) -> int:
            now = self._db.clock.now()
            batch_id = batches.add(db, "nft_sales", source, file_name, file_hash, now, False)
            try:
                values = (_values(sale, batch_id) for sale in counted(rows, step))
                insert_many(db, "nft_sales", _COLUMNS, values)
            except dbapi2.IntegrityError as error:
                if "row_hash" not in str(error):
                    raise
                raise KnownError(
                    "Some of these sales are already stored, so nothing was added.",
                    "Open the file again to see which are new.",
                ) from error
            return batch_id

        return self._db.run(add)

    def sales(self, collection: str) -> list[NftSale]:
        """All sales of a collection by time."""
        sql = "SELECT * FROM nft_sales WHERE collection = ? ORDER BY time, id"
        return self._db.run(
            lambda db: [
                NftSale(
                    row["collection"],
                    row["token"],
                    codec.time(row["time"]),
                    Decimal(row["price"]),
                    row["currency"],
                    tuple(json.loads(row["traits"]).items()),
                    row["row_hash"],
                )
                for row in db.query(sql, [collection])
            ]
        )

    def collections(self) -> list[CollectionInfo]:
        """All collections by name, each once per currency of its sales."""
        sql = (
            "SELECT collection, currency, count(*), count(DISTINCT token), min(time), max(time) "
            "FROM nft_sales GROUP BY collection, currency ORDER BY collection, currency"
        )
        return self._db.run(
            lambda db: [
                CollectionInfo(name, currency, sales, items, codec.time(first), codec.time(last))
                for name, currency, sales, items, first, last in db.execute(sql).fetchall()
            ]
        )

    def existing_hashes(self, hashes: Iterable[str]) -> set[str]:
        """Those of the given row hashes that are already stored."""
        wanted = json.dumps(list(hashes))
        sql = "SELECT row_hash FROM nft_sales WHERE row_hash IN (SELECT value FROM json_each(?))"
        return self._db.run(lambda db: {row[0] for row in db.execute(sql, [wanted]).fetchall()})

    def batches(self) -> list[Batch]:
        """All imports of sales, newest first."""
        return self._db.run(lambda db: batches.listed(db, "nft_sales"))

    def undo(self, batch_id: int) -> None:
        """Delete one import with its rows; KnownError if there is no such import."""
        self._db.run(lambda db: batches.remove(db, "nft_sales", batch_id))


def _values(sale: NftSale, batch_id: int) -> tuple[object, ...]:
    return (
        batch_id,
        sale.collection,
        sale.token,
        codec.time_text(sale.time),
        to_text(sale.price),
        sale.currency,
        json.dumps(dict(sale.traits), ensure_ascii=False),
        sale.row_hash,
    )
