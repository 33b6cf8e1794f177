"""NFT sales: what is stored, in which order it comes back, and what is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.store.database import Database
from engine.store.nft_sales import CollectionInfo, NftSale, NftSaleRepo

FIRST = datetime(2020, 1, 1, 12, tzinfo=UTC)


def sale(number: int, item: str = "1", currency: str = "ETH", collection: str = "Punks") -> NftSale:
    return NftSale(
        collection,
        item,
        FIRST + timedelta(hours=number),
        Decimal("0.000000000000000001") * (number + 1),
        currency,
        (("Hat", "Red, big"), ("Männlich", "yes")),
        f"hash {number}",
    )


@pytest.fixture
def repo(db: Database) -> NftSaleRepo:
    return NftSaleRepo(db)


def test_sales_come_back_by_time_and_exact(repo: NftSaleRepo) -> None:
    sales = [sale(3), sale(1), sale(2, "7804")]
    batch = repo.add_batch("NFT sales", "punks.csv", sales, "sha")
    assert repo.sales("Punks") == [sales[1], sales[2], sales[0]]
    assert repo.sales("Apes") == []
    (info,) = repo.batches()
    assert (info.id, info.source, info.file_name, info.rows) == (batch, "NFT sales", "punks.csv", 3)


def test_collections_are_listed_by_currency(repo: NftSaleRepo) -> None:
    repo.add_batch("x", "", [sale(0), sale(5), sale(1, "2"), sale(2, currency="USD")])
    repo.add_batch("x", "", [sale(9, collection="Apes")])
    hour = [FIRST + timedelta(hours=number) for number in range(10)]
    assert repo.collections() == [
        CollectionInfo("Apes", "ETH", 1, 1, hour[9], hour[9]),
        CollectionInfo("Punks", "ETH", 3, 2, hour[0], hour[5]),
        CollectionInfo("Punks", "USD", 1, 1, hour[2], hour[2]),
    ]


def test_the_same_sale_is_stored_once_and_an_import_wholly_or_not(repo: NftSaleRepo) -> None:
    batch = repo.add_batch("x", "", [sale(0), sale(1)])
    assert repo.existing_hashes(["hash 1", "hash 2"]) == {"hash 1"}
    with pytest.raises(KnownError, match="already stored"):
        repo.add_batch("x", "", [sale(2), sale(1)])
    assert len(repo.sales("Punks")) == 2
    with pytest.raises(KnownError, match="no sales"):
        repo.add_batch("x", "", [])
    repo.undo(batch)
    assert repo.sales("Punks") == []
    assert repo.collections() == []
    with pytest.raises(KnownError, match="import is not there"):
        repo.undo(batch)
