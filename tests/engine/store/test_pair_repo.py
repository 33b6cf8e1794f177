"""Decisions about transfers."""

from collections.abc import Callable

import pytest

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.store.database import Database
from engine.store.edits import EditRepo
from engine.store.pairs import PairRepo
from engine.store.transactions import TransactionRepo

Buy = Callable[..., Transaction]


@pytest.fixture
def repo(db: Database) -> PairRepo:
    return PairRepo(db)


def test_decisions_are_kept_changed_and_forgotten(repo: PairRepo) -> None:
    repo.confirm(("w1", "d1"))
    repo.reject(("w2", "d2"))
    assert repo.all() == {("w1", "d1"): "confirmed", ("w2", "d2"): "rejected"}
    repo.confirm(("w2", "d2"))
    repo.confirm(("w2", "d2"))
    repo.reject(("w1", "d1"))
    assert repo.all() == {("w1", "d1"): "rejected", ("w2", "d2"): "confirmed"}
    repo.forget(("w1", "d1"))
    assert repo.all() == {("w2", "d2"): "confirmed"}
    with pytest.raises(KnownError, match="decision is not there any more"):
        repo.forget(("w1", "d1"))


def test_a_row_is_part_of_one_transfer(repo: PairRepo, db: Database, buy: Buy) -> None:
    TransactionRepo(db).add_batch("x", "f", "h", [buy(1), buy(2)], simulated=False)
    repo.confirm(("hash-1", "hash-2"))
    for pair in (("hash-1", "other"), ("other", "hash-2")):
        with pytest.raises(KnownError, match="already belongs to another transfer"):
            repo.confirm(pair)
        repo.reject(pair)
    repo.forget(("hash-1", "hash-2"))
    repo.confirm(("hash-1", "other"))
    assert repo.all()["hash-1", "other"] == "confirmed"


def test_a_transfer_of_which_a_row_is_gone_binds_the_other_no_more(
    repo: PairRepo, db: Database, buy: Buy
) -> None:
    transactions = TransactionRepo(db)
    transactions.add_batch("x", "f", "h", [buy(n) for n in range(1, 5)], simulated=False)
    repo.confirm(("hash-1", "hash-2"))
    repo.confirm(("hash-3", "hash-4"))
    deleted = next(t.id for t in transactions.all() if t.row_hash == "hash-2")
    EditRepo(db).delete(deleted or 0)
    # The decision stays as long as no other one needs the row: the deletion may be taken back.
    repo.confirm(("hash-3", "hash-4"))
    assert repo.all()["hash-1", "hash-2"] == "confirmed"
    repo.confirm(("hash-1", "hash-5"))
    assert repo.all() == {("hash-1", "hash-5"): "confirmed", ("hash-3", "hash-4"): "confirmed"}
